"""One neuron by itself: a few values out of a graph, with the numbers they have in the whole.

A gradient in a part is that of the whole graph, so the messages beside it are those of all
its readers, also of those that the part does not show.  Whatever is opened adds up: of a
weighted sum of 784 products seven are shown, and beside them stands what the others add.

    >>> import random
    >>> from micronn.nn import MLP
    >>> from micronn.pictures.views.grouping import make_plan
    >>> model = MLP(2, [3, 1], rng=random.Random(1))
    >>> loss = (model([1.0, 2.0]) - 1.0) ** 2
    >>> loss.backward()
    >>> part = Parts(make_plan(Graph(loss, model))).neuron(0, 2)
    >>> [row.title for row in part.rows()]
    ['x0', 'x1', 'w.0', 'w.1', 'w.0·x0', 'w.1·x1', 'w·x', 'b', 'z', 'h1.2']
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

from micronn.graph.neurons import Call, NeuronFold
from micronn.graph.operations import halves
from micronn.graph.rows import Graph, Rest, Row, Use, lacking
from micronn.pictures.views.grouping import Plan
from micronn.pictures.views.neuron_view import shown_weights
from micronn.support.text import clean

MOST_ROWS = 60  # of a part

Reading = tuple[int, int]  # who reads, and as which operand


class Part(Graph):
    """Some rows of a graph, and products taken out of it, as a graph of their own.

    readings: for each reading in the whole graph that was opened, where it is here.
    chosen: the k of its rows.  whole: the rows of the whole graph.
    note: what it leaves out, as a sentence; "" for nothing.
    """

    def __init__(self, graph: Graph, rows: Sequence[Row], readings: dict[Reading, Reading]):
        vars(self).update(vars(graph))
        self.whole, self.nodes, self.readings = graph.nodes, [*graph.nodes], readings
        for row in rows:
            self.nodes[row.k : row.k + 1] = [row]  # the products stand behind the whole graph
        self.chosen, self.note = [row.k for row in rows], ""

    def made(self) -> list[int]:
        """The values of the whole graph that are computed here."""
        return [k for k in self.chosen if self.nodes[k].operands and k < len(self.whole)]

    def rows(self, chosen: Iterable[int] | None = None) -> list[Row]:
        """The chosen rows with their uses in the whole graph; all of the part if left out."""
        return [self.nodes[k] for k in (self.chosen if chosen is None else chosen)]


class Parts:
    """The neurons of a plan one by one, all on the same example.

    calls: for each layer, the call of each neuron that is shown.
    """

    def __init__(self, plan: Plan):
        self.plan, self.calls = plan, calls_of_one_example(plan)
        self.rows = plan.graph.rows()  # with the uses

    @cached_property
    def names(self) -> dict[int, str]:
        """What inputs and outputs are called in pictures of neurons."""
        plan = self.plan
        names = {k: plan.input_name(column) for column, ks in plan.columns.items() for k in ks}
        for number, calls in enumerate(self.calls):
            names |= {call.out: plan.out_name(number, i) for i, call in enumerate(calls)}
        return names

    def neuron(self, number: int, index: int) -> Part | None:
        """What a neuron computes; None if that is too much to be read."""
        neuron, call = self.plan.folds.layers[number].neurons[index], self.calls[number][index]
        names, shown = self.names_in(neuron, call), shown_weights(self.plan, neuron)
        given = {neuron.weights[i] for i in shown} | {call.inputs[i] for i in shown}
        left_out = {*neuron.weights, *call.inputs} - given
        given |= set() if neuron.bias is None else {neuron.bias}
        part = self.part(call.out, given, left_out, names)
        if part and left_out:
            part.note = (
                f"{len(shown)} of {len(neuron.weights):,} weights and their inputs are shown, "
                "those with the largest gradients."
            )
        return part

    def around(self, ks: Sequence[int]) -> Part | None:
        """Some values in no neuron, with what they read; None if these are too many."""
        inside = set(ks)
        given = {j for k in ks for j in self.rows[k].operands} - inside
        if len(given) + len(inside) > MOST_ROWS:
            return None
        rows = [self.named(self.rows[k], self.names) for k in sorted(given | inside)]
        return Part(self.plan.graph, [as_given(r) if r.k in given else r for r in rows], {})

    def part(self, out: int, given: set[int], left_out: set[int], names: dict[int, str]
    ) -> Part | None:  # fmt: skip
        """The rows from some given ones to `out`; of a dot, without what is left out."""
        inside, to_do = {out}, [out]
        opened: dict[int, list[Row]] = {}  # by the row of the sum: products, then itself
        readings: dict[Reading, Reading] = {}
        behind = len(self.rows)
        while to_do:
            row = self.rows[to_do.pop()]
            operands: Sequence[int] = row.operands
            if row.op == "dot":
                opened[row.k] = opened_dot(row, self.rows, left_out, names, behind, readings)
                behind += len(opened[row.k]) - 1
                operands = [j for product in opened[row.k][:-1] for j in product.operands]
            new = dict.fromkeys([j for j in operands if j not in inside])
            inside.update(new)
            to_do += [j for j in new if j not in given and self.rows[j].operands]
            if len(inside) > MOST_ROWS:
                return None
        rows: list[Row] = []
        for k in sorted(inside):
            row = self.named(self.rows[k], names)
            rows += opened.get(k, [as_given(row) if k in given else row])
        inside.update([row.k for row in rows])
        products = [row for row in rows if row.k >= len(self.rows)]  # whose uses are here already
        moved = [
            row
            if row in products
            else with_uses(row, readings, inside if row.k in given else set())
            for row in rows
        ]
        chosen = [row for row in moved if row.k < len(self.rows)]
        part = Part(self.plan.graph, chosen + sorted(products), readings)
        part.chosen = [row.k for row in moved]
        return part

    def names_in(self, neuron: NeuronFold, call: Call) -> dict[int, str]:
        """What the values of a neuron are called inside it."""
        names = {call.z: "z", **self.names}
        for k in neuron.params:
            names[k] = self.rows[k].name.removeprefix(neuron.scope).removeprefix(".")
        return names

    def named(self, row: Row, names: dict[int, str]) -> Row:
        """A row with the name that it has here; a label of its own wins."""
        name = names.get(row.k, "")
        is_label = row.name and row.role != "param"
        return row if is_label or not name else row._replace(name=name)


def calls_of_one_example(plan: Plan) -> list[list[Call]]:
    """For each layer the call of each neuron on the first example."""
    found: list[list[Call]] = []
    outs: set[int] = set()
    for layer in plan.folds.layers:
        calls = [
            next((call for call in neuron.calls if not outs.isdisjoint(call.inputs)), None)
            or neuron.calls[0]
            for neuron in layer.neurons
        ]
        outs.update([call.out for call in calls])
        found.append(calls)
    return found


def opened_dot(
    row: Row,
    rows: Sequence[Row],
    left_out: set[int],
    names: dict[int, str],
    start: int,
    readings: dict[Reading, Reading],
) -> list[Row]:
    """The products that a dot adds up, then the dot as their sum.

    left_out: of what is multiplied, what is not shown.  start: the k of the first product.
    readings: is told which operand of the dot has become which of a product.
    """
    (left, right), n = halves(row.operands), len(row.operands) // 2
    shown = [i for i in range(n) if not left_out.intersection((left[i], right[i]))]
    products: list[Row] = []
    for i in shown:
        a, b, k = left[i], right[i], start + len(products)
        y, x = row.local_grads[i::n]  # the slope by one factor is the other
        name = "·".join([names.get(j) or rows[j].title for j in (a, b)])
        use = (Use(row.k, len(products), row.grad),)
        products.append(Row(k, "op", name, "*", x * y, row.grad, (a, b), (y, x), use))
        readings |= {(row.k, i): (k, 0), (row.k, n + i): (k, 1)}
    if len(shown) < n:
        rest = lacking(row.data, sum([product.data for product in products]))
        use = (Use(row.k, len(products), row.grad),)
        k, name = start + len(products), f"{n - len(shown):,} more products"
        products.append(Row(k, "op", name, "", rest, row.grad, (), (), use))
    ks, name = tuple([product.k for product in products]), row.name or names.get(row.k) or "w·x"
    made = row._replace(op="sum", operands=ks, local_grads=(1.0,) * len(ks), name=clean(name))
    return [*products, made]


def with_uses(row: Row, readings: dict[Reading, Reading], inside: set[int]) -> Row:
    """A row with its uses, by the product that reads it where a dot was opened.

    inside: unless empty, uses by others than these are told as one number.
    """
    pairs = [(readings.get((use.user, use.j), (use.user, use.j)), use) for use in row.uses]
    uses = [use._replace(user=user, j=j) for (user, j), use in pairs]
    here = [use for use in uses if use.user in inside]
    if not inside or row.rest or len(here) == len(uses):
        return row._replace(uses=tuple(uses))
    others = lacking(row.grad, sum([use.message for use in here]))
    return row._replace(uses=tuple(here), rest=Rest("elsewhere", others))


def as_given(row: Row) -> Row:
    """A row whose operands are not shown."""
    return row._replace(operands=(), local_grads=(), op="")
