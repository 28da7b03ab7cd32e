"""A step page whose numbers a reader changes, against the page that Python writes for them."""

import math
import random
import re

import pytest
from operations import OPERATIONS

from micronn.engine import Value

pytestmark = pytest.mark.browser

# All that a page says: its texts, each step's, the picture's, the table's and the questions'.
SAID = """() => {
    const spoken = html => [...html.childNodes ?? []].map(e => [e.textContent,
        [...e.querySelectorAll?.('mark') ?? []].map(mark => mark.className)]);
    const plain = slots => slots.map(([id, text, token]) =>
        [id, text, token === 'card' ? '' : token]);
    const look = (e, ...names) => names.map(name => e?.getAttribute(name) ?? '');
    turn(end);
    readQuiz();
    const given = new Set(data.computing.free.map(k => rows[k].dataset.n + '_data'));
    const own = slots => slots.filter(([id]) => !given.has(id));
    return {
        title: [document.title, document.querySelector('h1').textContent],
        around: ['.note', '#limits'].map(name => document.querySelector(name).textContent),
        words: words.map(({title, say, why, code, equation}) =>
            [title, say, why ?? '', code ?? '', spoken(equation || {})]),
        start: plain(own(data.start)), sets: steps.map(step => plain(step.set)),
        table: cells.map(({cell}) => [cell.dataset.slot, cell.textContent, cell.title]),
        tips: tips.map(([tip, text]) => [tip.parentNode.id, tip.tagName, text]),
        texts: all('.card [id]', svg).map(e => [e.id, e.textContent]),
        wires: wires.map(e => [e.id, ...look(e.querySelector('.line'), 'stroke', 'stroke-width',
            'stroke-dasharray'), ...look(e.querySelector('.head'), 'fill')]),
        cards: cards.map(e => [e.id, ...look(e.querySelector('rect'), 'stroke', 'stroke-width'),
            ...look(e.querySelector(':scope > path'), 'stroke'),
            ...all(':scope > text[y="14"]', e).map(e => [e.textContent, ...look(e, 'fill')]),
        ]),
        quiz: Object.entries(data.quiz).map(([about, {hidden, questions}]) => [
            about, plain(hidden), questions.map(q => [
                q.ask, q.answer, q.hint, q.lesson, q.on, q.to, q.wires, plain(q.set),
                'word' in q && !/[0-9]/.test(q.word) ? q.word : [+q.low, +q.high]])]),
    };
}"""
LONG = re.compile(r"-?\d[\d.]{7,}(?:e[+-]?\d+)?|-?\d+e[+-]\d+")  # a number with all its digits


def same(a, b, size=0.0):
    """Whether two pages say the same; numbers with all digits may differ in the last ones."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k], size) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b, [size] * len(a)))
    if isinstance(a, str) and a != b:
        numbers = [list(map(float, LONG.findall(text))) for text in (a, b)]
        if LONG.sub("#", a) != LONG.sub("#", b) or len(numbers[0]) != len(numbers[1]):
            return False
        return all(map(near, *numbers))
    return a == b or (isinstance(a, float) and near(a, b)) or (a != a and b != b)


def near(a, b):
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-15)


def difference(a, b, path=""):
    """Where two pages first say something else, for the message of a test."""
    if type(a) is type(b) and isinstance(a, (dict, list)) and len(a) == len(b):
        keys = a if isinstance(a, dict) else range(len(a))
        return next((d for k in keys if (d := difference(a[k], b[k], f"{path}/{k}"))), "")
    return "" if same(a, b) else f"{path}: {a!r} is not {b!r}"


def type_numbers(page, numbers):
    """Type a number into each field, as a reader would."""
    for field, x in zip(page.locator("input.given").all(), numbers, strict=True):
        field.fill(repr(x))


# Random graphs

NAMES = list(OPERATIONS)


def recipe(rng, name):
    """A function that makes a graph of some numbers with this operation and others in it."""
    count, names = rng.randint(2, 4), [rng.choice(NAMES) for _ in range(rng.randint(2, 6))]
    names.insert(rng.randint(0, 1), name)
    places = [[rng.random() for _ in range(OPERATIONS[name].takes)] for name in names]
    label = rng.choice(["", "y"])

    def build(numbers):
        values = [Value(x, f"x{i}") for i, x in enumerate(numbers)]
        for name, reach in zip(names, places, strict=True):
            operands = [values[-1 - int(place * len(values))] for place in reach]
            values.append(OPERATIONS[name].build(*operands))
        result = sum(values[count:], 0.5)
        result.label = label
        result.backward()
        return result

    return build, count


def refused(build, numbers):
    """What Python says where it refuses these numbers; "" if it computes."""
    try:
        build(numbers)
    except (ArithmeticError, ValueError) as error:
        return str(error)
    return ""


def case(seed):
    """A recipe, numbers that it can be drawn with, and others; 200 seeds have all operations."""
    rng = random.Random(seed)
    while True:
        build, count = recipe(rng, NAMES[seed % len(NAMES)])
        for _ in range(20):
            old, new = ([round(rng.gauss(0.3, 1.5), 2) for _ in range(count)] for _ in "12")
            if not refused(build, old):
                return build, old, new


def test_two_hundred_random_graphs_have_every_operation_some_refused_and_most_not():
    found = [case(seed) for seed in range(200)]
    assert 20 < sum(bool(refused(build, new)) for build, _, new in found) < 100
    assert len(NAMES) < 200


WIDE = [pytest.param(range(k, k + 24), marks=pytest.mark.wide) for k in range(8, 200, 24)]


@pytest.mark.parametrize("seeds", [range(8), *WIDE], ids=lambda seeds: f"from {seeds.start}")
def test_a_page_with_other_numbers_says_what_python_writes_for_them(stepping, seeds):
    found = []
    for seed in seeds:
        build, old, new = case(seed)
        page = stepping(build(old))
        for i, x in enumerate(new):
            field = page.get_by_label(f"data of x{i}", exact=True)
            if field.count():
                field.fill(repr(x))
        error = refused(build, new)
        if error:
            said = page.inner_text("#changed").partition(": ")[2]
            wanted = f"{error}. What is made of that is not computed."
            found.append(difference(said, wanted, f"seed {seed}"))
        else:
            other = stepping(build(new))
            found.append(difference(page.evaluate(SAID), other.evaluate(SAID), f"seed {seed}"))
            other.context.close()
        page.context.close()
    assert list(filter(None, found)) == []
