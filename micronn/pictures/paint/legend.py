"""What the colours, dashes and signs of a picture mean, at its foot."""

from collections.abc import Callable, Iterable

from micronn.pictures.paint.palette import SHADES, SIGNS
from micronn.pictures.paint.svg import svg_line, svg_rect, svg_text, text_width, units
from micronn.support.text import BESIDE, Place, fmt

# The width of an item, and what paints it with its top left corner at x, y.
Item = tuple[float, Callable[[float, float], str]]


def legend_svg(
    items: Iterable[Item], width: float, top: float, css: str = "legend"
) -> tuple[str, float, float]:
    """Items side by side, in as many lines as the width asks for.

    Returns the group, the width it needs and its bottom.
    """
    x, y, right, parts = 14.0, top, width, []
    for item_width, paint in items:
        if x > 14 and x + item_width > width - 8:
            x, y = 14.0, y + 19
        parts.append(paint(x, y))
        right = max(right, x + item_width + 8)
        x += item_width + 18
    return f'<g class="{css}" aria-hidden="true">{"".join(parts)}</g>', right, y + 14


def words(text: str, ink: str = "mut") -> Item:
    """An item that is a sentence."""
    return text_width(text, 10), lambda x, y: svg_text(x, y + 10, text, 10, ink)


def shade_scale(word: str, limits: str) -> Item:
    """A legend item: the seven shades and where one ends and the next begins."""
    lead = text_width(word, 10) + 6

    def paint(x: float, y: float) -> str:
        cells = [svg_rect(x + lead + 20 * i, y, 20, 13, token) for i, token in enumerate(SHADES)]
        signs = [
            svg_text(x + lead + 10 + 60 * i, y + 10, sign, 10, anchor="middle")
            for i, sign in enumerate("−0+")
        ]
        limit = svg_text(x + lead + 146, y + 10, limits, 10, "mut")
        return svg_text(x, y + 10, word, 10, "mut") + "".join(cells + signs) + limit

    return lead + 146 + text_width(limits, 10), paint


def wire_styles(sign: str, word: str) -> Item:
    """A legend item: the three kinds of wires, each a message of that sign to what is so called."""
    what = f"{sign} message ({word} contribution) on a wire (edge)"
    lead = text_width(what, 10) + 6

    def paint(x: float, y: float) -> str:
        parts = [svg_text(x, y + 10, what, 10, "mut")]
        for i, (sign, token, dash) in enumerate(SIGNS):
            at = x + lead + 44 * i
            parts.append(svg_line(f"M{units(at)} {units(y + 6.5)}h24", token, 2, dash))
            parts.append(svg_text(at + 28, y + 10, sign, 10, "mut"))
        return "".join(parts)

    return lead + 44 * 2 + 34, paint


def limits(m: float, word: str = "gradient") -> str:
    """Where pale, mid and strong begin, with two digits, if the largest gradient is m."""
    none = f"every {word} is 0"
    if isinstance(m, Place):
        return m.mark("y", f"pale < {{low}} ≤ mid < {{high}} ≤ strong{BESIDE}{none}")
    if m == 0.0:
        return none
    low, high = (fmt(float(f"{limit:.1e}")) for limit in (m / 30.0, m / 3.0))
    return f"pale < {low} ≤ mid < {high} ≤ strong"


RULE = "← = ∂ × grad of the card it came from; grad = sum of ←"  # backpropagation in a line


FORWARD_RULE = "→ = ∂ × tangent of the card it comes from; tangent = sum of →"


def value_legend(m: float | None, by: str, sums: bool, forward: bool = False) -> list[Item]:
    """The items of a picture of value cards and neuron cards, the chain rule first.

    m: the largest gradient; None if there are none yet.
    by: what a local derivative is of, and by what.
    sums: whether a card has several messages; backward() adds that of the last reader first.
    forward: whether the messages are those of forward mode, and the gradients tangents.
    """
    slope = words(f"∂ local derivative of this {by}")
    if m is None:
        return [slope]
    if forward:
        shades, wires = shade_scale("tangent", limits(m, "tangent")), wire_styles("→", "tangent")
        still = words("a plain grey wire: no seed behind it")
        return [words(FORWARD_RULE, "ink"), slope, shades, wires, still]
    order = [words("the lowest ← is added first")] * sums
    shades, wires = shade_scale("gradient", limits(m)), wire_styles("←", "gradient")
    return [words(RULE, "ink"), *order, slope, shades, wires]


STRENGTHS = "strong: at least 1/3 of the largest in its block; mid: at least 1/30; pale: less"
WIDTHS = words("wire (edge): the wider, the larger its messages (gradient contributions)")
BAR = words("bar: how many values fall in each shade")
LAYERS = [shade_scale("shade", STRENGTHS), words("matrix: one column per neuron"), BAR]
