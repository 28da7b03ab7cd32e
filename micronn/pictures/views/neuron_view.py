"""The neurons view: weights and bias become rows of one card instead of cards.

Every number of the net is still there.  The derivative beside a weight is that of the
neuron's output by its input, which is the slope of the activation times the weight,
and both factors stand on the card.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isfinite
from typing import NamedTuple

from micronn.graph.lines import made_at
from micronn.graph.neurons import Call, NeuronFold
from micronn.graph.rows import Row
from micronn.pictures.layout.sketch import Lane, Sketch, Wire, message_wire
from micronn.pictures.paint import ids
from micronn.pictures.paint.cards import EDGE, NUMBER, ROW, Card, Cell, largest, record_card
from micronn.pictures.paint.legend import BAR, WIDTHS, limits, shade_scale, value_legend
from micronn.pictures.paint.palette import beside, odd, shade, wire
from micronn.pictures.paint.svg import svg_chip, svg_line, svg_rect, svg_text, text_width, units
from micronn.pictures.views.folded_cards import (
    census_bar,
    changed,
    finished,
    folded_sketch,
    held,
    largest_and_rms,
)
from micronn.pictures.views.grouping import Plan, homes
from micronn.pictures.views.value_view import ValueCards, derivative, message
from micronn.support.numeric import root_mean_square
from micronn.support.text import Place, clean, fmt


def neurons_view(plan: Plan, prefix: str = "") -> Sketch:
    """A card for each neuron; inputs and losses as values, or folded if there is a batch."""
    cards: dict[int, Card] = {}  # by the first output of the neuron
    lanes: list[Lane] = []
    for number, layer in enumerate(plan.folds.layers):
        lanes += lanes_of(plan, number)
        outs = [neuron.calls[0].out for neuron in layer.neurons]
        cards |= zip(outs, neuron_cards(plan, number), strict=True)
    if plan.batched:
        items = [*[shade_scale("gradient", limits(plan.m)), WIDTHS] * plan.graph.ran, BAR]
        sketch = folded_sketch(plan, list(cards.values()), True, items)
        sent = messages(plan) if plan.graph.ran else {}
        for item in sketch.wires:
            quiet(item, sent.get(item.id, ()), plan.m)
    else:
        singles, wires, sums = single_values(plan, prefix)
        items = value_legend(plan.shading, "card by that input", sums)
        in_order = [card for _, card in sorted((cards | singles).items())]
        sketch = finished(plan, in_order, wires, items)
    in_lane = {card.id for card in cards.values()}
    for item in sketch.wires:
        item.minlen = 2 if item.head[0] in in_lane and item.tail[0] not in in_lane else 1
    return replace(sketch, lanes=lanes, ranksep=0.45)


def messages(plan: Plan) -> dict[str, list[float]]:
    """The messages along each wire that ends at a neuron, of all examples."""
    found, home = defaultdict[str, list[float]](list), homes(plan, True)
    for number, layer in enumerate(plan.folds.layers):
        for index, neuron in enumerate(layer.neurons):
            for call in neuron.calls:
                for k, (user, j) in zip(call.inputs, call.reads, strict=True):
                    id = ids.bundle(home[k].id, ids.neuron(number, index))
                    found[id].append(plan.graph.nodes[user].message(j))
    return found


def quiet(item: Wire, sent: Sequence[float], m: float) -> None:
    """Draw a wire of many messages as wide as they are large; there are many such wires."""
    if sent:
        placed = isinstance(sent[0], Place)
        size = Place.of("~", sent) if placed else root_mean_square(sent)
        token, item.width, item.dash = wire(size, m)
        item.token = "rule" if token == "epos" else token
        if isinstance(size, Place):
            item.token = beside(size, m).mark("u")
        forward = item.title.partition(",")[0]
        item.title = f"{forward}, messages of rms {fmt(size, digits=3)} back"


def lanes_of(plan: Plan, number: int) -> list[Lane]:
    """The lane of a layer, and before it the lane of the net around it, once."""
    id, (outer, name) = ids.layer_lane(number), plan.names_of(number)
    if not outer:
        return [Lane(id, name)]
    around = [plan.names_of(other)[0] for other in range(number + 1)]
    first = ids.net_lane(around.index(outer))
    new = [Lane(first, outer)] if outer not in around[:-1] else []
    return [*new, Lane(id, name, first)]


# The card of a neuron


class Line(NamedTuple):
    """A line of a neuron card: a parameter, the weighted sum, or the output.

    slope: what stands at the left, where the wire of an input ends.
    nodes: whose data and gradient it shows: one, or those of many calls.
    ran: whether there are gradients yet.
    parts: what its gradient is the sum of, if it is not of one pass.
    """

    slope: str
    name: str
    nodes: Sequence[Row] = ()
    ran: bool = True
    parts: str = ""

    @property
    def many(self) -> bool:
        """Whether it shows a census, with a note below it."""
        return len(self.nodes) > 1

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """As text: data, what it was, gradient, and what that is made of if not of one pass."""
        if not self.nodes:
            return "", "", "", ""
        if self.many:
            grad = largest_and_rms(self.grad) if self.ran else ""
            return largest_and_rms(self.data), changed(self.nodes), grad, self.parts
        row = self.nodes[0]
        grad = fmt(row.grad, sign=True) if self.ran else ""
        return fmt(row.current), row.change, grad, self.parts

    @property
    def data(self) -> list[float]:
        """The data of its nodes."""
        return [node.data for node in self.nodes]

    @property
    def grad(self) -> list[float]:
        """The gradients of its nodes."""
        return [node.grad for node in self.nodes]


class Face(NamedTuple):
    """What a neuron card shows.

    css: "root" if it makes the value that the picture is about, else "op".
    title: what the neuron computes, such as tanh(w·x + b).
    corner: its name, and whether it is the output.
    given: its weights and its bias.  results: z and the output.
    """

    css: str
    title: str
    corner: str
    given: list[Line]
    results: list[Line]


class Columns(NamedTuple):
    """How wide the columns of the neuron cards of one layer are, and what the header needs.

    since, held: of what has changed, and of gradients not of one pass; 0 if there is nothing.
    """

    slopes: float
    names: float
    data: float
    since: float
    grad: float
    held: float
    header: float

    @property
    def needed(self) -> float:
        """How wide a card is at least."""
        return max(sum(self[:-1]) + 18, self.header)

    def places(self, width: float) -> tuple[float, float, float]:
        """Left of the names, middle of the data, left of the gradients on a card so wide."""
        left, right = self.slopes + 8, width - 4 - self.held - self.grad
        return left, (left + self.names + right - self.since) / 2 - 4, right


def neuron_cards(plan: Plan, number: int) -> list[Card]:
    """The cards of the neurons of a layer, their columns equally wide."""
    neurons = plan.folds.layers[number].neurons
    faces = [neuron_face(plan, number, index) for index in range(len(neurons))]
    lines = [line for face in faces for line in (*face.given, *face.results)]
    numbers = [[text_width(text, 9 if line.many else 12) for text in line.texts] for line in lines]
    words = [[text_width(text, 10) for text in line.texts] for line in lines]
    slopes = [line.slope for line in lines if line.slope]
    since, parts = [max([sizes[k] for sizes in words]) for k in (1, 3)]
    columns = Columns(
        max([text_width(slope, 10 if "′" in slope else 12) + 14 for slope in slopes], default=0.0),
        max([text_width(line.name) + 16 for line in lines]),
        max([NUMBER, *[sizes[0] + 12 for sizes in numbers]]),
        since and since + 8,
        max([NUMBER, *[sizes[2] + 12 for sizes in numbers]]),
        parts and parts + 10,
        max([text_width(face.title, 12) + text_width(face.corner, 10) + 30 for face in faces]),
    )
    cards = []
    for index, face in enumerate(faces):
        cards.append(neuron_card(ids.neuron(number, index), face, columns, plan.shading))
        cards[-1].lane = ids.layer_lane(number)
    return cards


def neuron_face(plan: Plan, number: int, index: int) -> Face:
    """What the card of a neuron shows."""
    others = plan.folds.layers[number].neurons
    neuron = others[index]
    is_root = any(call.out == len(plan.graph) - 1 for call in neuron.calls)
    last = neuron.scope.rpartition(".")[2]  # 3 of layers.0.neurons.3
    last = last if len({other.scope for other in others}) == len(others) else str(index)
    name = f"neuron {last}" if last.isdigit() else clean(last) or f"neuron {index}"
    corner = name + ("  output" if is_root else "") + born(plan, neuron)
    lines = neuron_lines(plan, neuron, plan.out_name(number, index))
    inner = "w·x" if neuron.bias is None else "w·x + b"
    title = f"{neuron.activation}({inner})" if neuron.activation else inner
    return Face("root" if is_root else "op", title, corner, *lines)


def born(plan: Plan, neuron: NeuronFold) -> str:
    """first +∞ if the neuron made nan or infinity out of finite numbers, else nothing."""
    nodes, call = plan.graph.nodes, neuron.calls[0]
    numbers = [nodes[k].data for k in (call.z, call.out)]
    made = [x for x in numbers if not isfinite(x) and not isinstance(x, Place)]
    read = [nodes[k].data for k in (*call.inputs, *neuron.params)]
    if not made or len(neuron.calls) > 1 or not all(map(isfinite, read)):
        return ""
    return f"  first {fmt(made[0])}"


def shown_weights(plan: Plan, neuron: NeuronFold) -> list[int]:
    """The numbers of the weights that get a row: those with the largest gradients."""
    return largest([plan.graph.nodes[w].grad for w in neuron.weights])


def input_slope(plan: Plan, call: Call, i: int) -> float:
    """d(output)/d(input i) of a call, as it was recorded: the weight may have moved since."""
    user, j = call.reads[i]
    return call.slope(plan.graph) * plan.graph.nodes[user].local_grads[j]


def neuron_lines(plan: Plan, neuron: NeuronFold, out_name: str) -> tuple[list[Line], list[Line]]:
    """The lines of a neuron card: parameters, then z and the output."""
    nodes, call, once = plan.graph.nodes, neuron.calls[0], len(neuron.calls) == 1

    def line(slope: str, name: str, *ks: int) -> Line:
        rows, ran = [nodes[k] for k in ks], plan.graph.ran
        sent = [message(plan.sent[k]) for k in ks if ran and nodes[k].rest]
        return Line(slope, name, rows, ran, spaced(held(rows), *sent[: len(ks) == 1]))

    def parameter(k: int, slope: str) -> Line:
        # by its label or what its name adds to the neuron's
        return line(slope, clean(nodes[k].name.removeprefix(neuron.scope).removeprefix(".")), k)

    shown, given = shown_weights(plan, neuron), []
    for i in shown:
        slope = derivative(input_slope(plan, call, i)) if once else ""
        given.append(parameter(neuron.weights[i], slope))
    if len(shown) < len(neuron.weights):
        given.append(Line("", f"… {len(neuron.weights) - len(shown)} more weights"))
    given += [] if neuron.bias is None else [parameter(neuron.bias, "")]
    outs = [call.out for call in neuron.calls]
    if not once:
        return given, [line("", f"{out_name} × {len(outs)}", *outs)]
    if call.out == call.z:
        return given, [line("", out_name, *outs)]
    prime = f"{neuron.activation}′ {fmt(call.slope(plan.graph))}"
    z_name = clean(nodes[call.z].name) or "z"
    return given, [line("", z_name, call.z), line(prime, out_name, *outs)]


def neuron_card(id: str, face: Face, columns: Columns, m: float | None) -> Card:
    """One neuron: a line for each parameter, its weighted sum, its output.

    m: the largest gradient of the picture; None if there are none yet.
    """
    lines, out = (*face.given, *face.results), face.results[-1]
    words = f"{len(out.nodes)} outputs, data {out.texts[0]}"
    if not out.many:
        words = f"output data = {out.data[0]!r}" + f", grad = {out.grad[0]!r}" * out.ran
    high = len(face.given) + sum([1 + line.many for line in face.results]) + 2
    made = {row.line: row.line.place for row in out.nodes if row.line}
    title = f"{face.corner}: {face.title}, {words}{made_at(made)}"
    foot, cells = "".join(made.values()) * (len(made) == 1), record_cells(face)
    cells[0] += [("", foot)] * bool(foot)
    needed = max(columns.needed, text_width(foot, 10) + 2 * EDGE)
    card = record_card(id, face.css, title, needed, high + bool(foot), *cells)
    stroke = odd([x for line in lines for x in line.data + line.grad], face.css)
    ruled, (left, middle, right) = ROW * (len(face.given) + 2), columns.places(card.width)
    card.frame(stroke)
    card.body += [
        svg_text(EDGE, 14, face.title, bold=True),
        svg_text(card.width - EDGE, 14, face.corner, 10, "mut", "end"),
        svg_text(left, ROW + 14, "param", 10, "param"),
        svg_text(middle, ROW + 14, "data", 10, "mut", "middle"),
        svg_text(right + columns.grad / 2, ROW + 14, "grad", 10, "mut", "middle"),
    ]
    if columns.slopes:
        card.upright(columns.slopes, ruled)
    card.foot(foot)
    card.body.append(svg_line(f"M0 {ruled}L{units(card.width)} {ruled}", stroke))
    top = 2 * ROW
    for line in lines:
        card.body += line_svg(line, top, columns, card.width, m, bold=line in face.results)
        top += ROW * (1 + line.many)
    return card


def line_svg(
    line: Line, top: float, columns: Columns, width: float, m: float | None, bold: bool
) -> list[str]:
    """A line of a neuron card; the outputs of many calls are a bar for data and one for grad."""
    left, middle, right = columns.places(width)
    slope = svg_text(columns.slopes / 2, top + 14, line.slope, 12, "mut", "middle")
    if "′" in line.slope:
        slope = svg_text(8, top + 14, line.slope, 10, "mut")
    ink = "ink" if line.nodes else "mut"
    data, since, grad, parts_of_grad = line.texts
    parts = [
        slope,
        svg_text(left, top + 14, line.name, fill=ink, bold=bold),
        svg_text(right - columns.since, top + 14, since, 10, "eneg"),
        svg_text(right + columns.grad + 6, top + 14, parts_of_grad, 10, "mut"),
    ]
    if line.many:
        sides = [(middle - columns.data / 2 + 6, columns.data - 12, line.data, data)]
        sides += [(right + 6, columns.grad - 12, line.grad, grad)] * line.ran
        for x, bar, numbers, note in sides:
            parts.append(census_bar(numbers, x, top + 4, bar))
            parts.append(svg_text(x, top + 29, note, 9, "mut"))
    elif line.nodes:
        if odd_data := odd([line.nodes[0].current]):
            parts.append(svg_chip(middle - 26, top, 52, data, odd_data, bold=bold))
        else:
            wide = text_width(data) + 8
            edge = svg_rect(middle - wide / 2, top + 2, wide, 15, "card", "eneg", 1, 4, "4 3")
            parts += [
                edge * bool(since),
                svg_text(middle, top + 14, data, anchor="middle", bold=bold),
            ]
        if m is not None:
            parts.append(svg_chip(right, top, columns.grad, grad, shade(line.grad[0], m)))
    return parts


def record_cells(face: Face) -> list[list[Cell]]:
    """The columns of a neuron card's record, with ports for its inputs and its output."""
    left: list[Cell] = [("", face.title), ("", "")]
    right: list[Cell] = [("", face.corner), ("", "param data grad")]
    for number, line in enumerate(face.given):
        left.append((ids.operand_port(number), line.slope))
        right.append(("", spaced(line.name, *line.texts)))
    for line in face.results:
        port = ids.OUTPUT_PORT if line is face.results[-1] else ""
        first, second = [line.name, *line.texts[:2]], line.texts[2:]
        left += [("", line.slope), ("", "")] if line.many else [("", line.slope)]
        texts = [spaced(*first), spaced(*second)] if line.many else [spaced(*first, *second)]
        right += zip((port, ""), texts, strict=False)
    return [left, right]


def spaced(*texts: str) -> str:
    """Texts side by side, without the empty ones."""
    return " ".join(filter(None, texts))


# Values and wires around the neurons


def single_values(plan: Plan, prefix: str) -> tuple[dict[int, Card], list[Wire], bool]:
    """Value cards for what is in no neuron, all wires, and whether a card lists messages."""
    outside = [k for ks in (*plan.columns.values(), *plan.rest.values()) for k in ks]
    rows = plan.graph.rows(outside)
    outs = {k for layer in plan.folds.layers for k in layer.outs}
    elsewhere = {
        k: (ids.neuron(*seat), ids.OUTPUT_PORT if k in outs else "")
        for k, seat in plan.folds.home.items()
    }
    cards = ValueCards(plan.graph, rows, plan.m, prefix, elsewhere=elsewhere)
    names = {k: plan.input_name(column) for column, ks in plan.columns.items() for k in ks}
    wires = [*neuron_wires(plan, cards, names)]
    wires += [cards.wire(row, j) for row in rows for j in range(len(row.operands))]
    singles = {row.k: cards.card(row, names.get(row.k, "")) for row in rows}
    return singles, wires, bool(cards.outs)


def neuron_wires(plan: Plan, cards: ValueCards, names: dict[int, str]) -> Iterator[Wire]:
    """A wire for each input of each neuron, ending at the row of its weight."""
    nodes = plan.graph.nodes
    seats = [(i, j) for i, layer in enumerate(plan.folds.layers) for j in range(len(layer.neurons))]
    for number, index in seats:
        neuron = plan.folds.layers[number].neurons[index]
        call, shown = neuron.calls[0], shown_weights(plan, neuron)
        row_of = {i: row for row, i in enumerate(shown)}
        for i, (k, (user, j)) in enumerate(zip(call.inputs, call.reads, strict=True)):
            home = plan.folds.home.get(k)
            name = names.get(k) or (plan.out_name(*home) if home else nodes[k].title)
            factors = input_slope(plan, call, i), nodes[call.out].grad
            head = ids.neuron(number, index), ids.operand_port(row_of.get(i, len(shown)))
            id, tail = ids.weight_edge(number, index, i), cards.tail(k, user, j)
            back = nodes[user].message(j)
            yield message_wire(id, tail, head, name, factors, back, plan.shading)
