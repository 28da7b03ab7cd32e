"""What each neuron of the first layer looks for: its weights as an image, pixel by pixel.

A neuron that reads an image has a weight for every pixel.  Laid out like the pixels they
show its pattern: ink on a positive weight makes its sum larger, ink on a negative smaller.

    >>> from micronn.nn import MLP
    >>> weight_images(MLP(64, [2, 1]).layers[0].neurons)[:4]
    '<svg'
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from micronn.nn import Neuron
from micronn.pictures.paint.palette import LIGHT, SHADES, scale, shade
from micronn.pictures.paint.svg import pixel_runs, svg_frame, svg_rect, svg_text, units
from micronn.support.numeric import magnitude
from micronn.support.text import fmt

SIZE = 84  # units: the side of an image
PITCH = 112  # from one to the next
ACROSS = 8  # in a row
MOST = 64  # neurons
LEAST = 64  # pixels of an image worth looking at


def side_of(nin: int) -> int:
    """The pixels along a side if so many inputs make a square image, else 0."""
    side = math.isqrt(nin)
    return side if nin >= LEAST and side * side == nin else 0


def weight_images(neurons: Sequence[Neuron], prefix: str = "") -> str:
    """The weights of neurons that read a square image, one picture for each, as SVG.

    Blue is positive, orange negative, each measured against the largest of its neuron, which
    stands below with its sign.
    """
    shown = neurons[:MOST]
    parts, rows = [], math.ceil(len(shown) / ACROSS)
    for k, neuron in enumerate(shown):
        x, y = 20 + PITCH * (k % ACROSS), 46 + (SIZE + 46) * (k // ACROSS)
        parts += [*one_image([w.data for w in neuron.w], f"neuron {k}", x, y)]
    words = f"The weights of {len(shown)} of {len(neurons)} neurons of layer 1, as images"
    if len(shown) == len(neurons):
        words = "The weights of each neuron of layer 1, as images"
    parts.append(svg_text(20, 20, words, 13, bold=True))
    foot = 46 + (SIZE + 46) * rows
    parts += legend(foot + 6)
    width = max(20 + PITCH * min(ACROSS, len(shown)), 500)
    return svg_frame(width, foot + 40, words, f"{words}. Blue +, orange −.", parts, prefix)


def one_image(numbers: Sequence[float], name: str, x: float, y: float) -> Iterator[str]:
    """The weights of a neuron; its name above, its largest weight below."""
    side, largest = side_of(len(numbers)), scale(numbers)
    shades = [shade(number, largest) for number in numbers]
    yield svg_text(x, y, name, 10)
    yield f'<g transform="translate({units(x)} {units(y + 5)})">'
    ((ground, _),) = Counter(shades).most_common(1)  # which keeps the file small
    yield svg_rect(0, 0, SIZE, SIZE, ground)
    pixel = f"scale({SIZE / side:.4f}) translate(0 .5)"
    yield f'<g transform="{pixel}" fill="none" shape-rendering="crispEdges">'
    for token in sorted({*shades} - {ground}):
        yield f'<path stroke="{LIGHT[token]}" d="{strokes(shades, token, side)}"/>'
    top = max(numbers, key=magnitude)
    yield f"</g>{svg_text(0, SIZE + 14, f'max {fmt(top, sign=True, digits=2)}', 10, 'mut')}</g>"


def strokes(shades: Sequence[str], token: str, side: int) -> str:
    """The pixels of one shade as lines one pixel wide."""
    path, pen = "", (-1, 0)
    for row, x, length in pixel_runs(shades, token, side):
        path += f"m{x - pen[1]} 0h{length}" if pen[0] == row else f"M{x} {row}h{length}"
        pen = row, x + length
    return path


def legend(y: float) -> Iterator[str]:
    """What the colours mean."""
    yield '<g class="legend" aria-hidden="true">'
    for k, token in enumerate(SHADES):
        yield svg_rect(20 + 22 * k, y, 22, 13, token)
        yield svg_text(31 + 22 * k, y + 10, "−  0  +"[k], 10, anchor="middle")
    words = "ink on blue raises the neuron's sum, on orange lowers it; max: the largest weight"
    yield svg_text(182, y + 10, words, 10, "mut")
    yield "</g>"
