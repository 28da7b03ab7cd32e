"""The machine in a page: machine.js runs a tape as Python does, to the last bit."""

import math

import pytest
from programs import GRAPHS, task

from micronn.compiler import compile_graph
from micronn.compiler.tape import write_tape
from micronn.compiler.training import rule_tape
from micronn.engine import Value
from micronn.optim import SGD, Adam
from micronn.pictures.paint.page import html_page
from micronn.viewer.computing.tapes import machine_data, packed, tape_data
from micronn.viewer.toolbar import HERE

pytest.importorskip("wasmtime")
pytestmark = pytest.mark.browser

RUN = """async ([module, tape, rows, weights, options]) => {
    globalThis.machine ??= await loadMachine(module);
    const found = machine.program(tape).run(unpacked(rows), unpacked(weights), options);
    const listed = numbers => numbers && [...numbers];
    return [listed(found.values), listed(found.slopes), listed(found.sums),
            found.refused, found.finite];
}"""
TRAIN = """async ([module, tape, rule, rows, weights, columns, batchSize, tables]) => {
    const machine = await loadMachine(module), program = machine.program(tape);
    const trainer = new Trainer(program, machine.program(rule), {
        rows: unpacked(rows), count: unpacked(rows).length / tape.inputs, batchSize,
        columns: unpacked(columns), steps: 0
    });
    const losses = tables.map(table => trainer.train(0, trainer.batches, unpacked(table)).loss);
    return [losses, [...trainer.columns()].slice(0, tape.weights), trainer.steps];
}"""


@pytest.fixture
def opened(visit, tmp_path):
    """A page that has the machine's script."""
    path = tmp_path / "page.html"
    path.write_text(
        html_page(HERE, ["computing/packed.js", "computing/machine.js"], wasm=True, title="machine")
    )
    return visit(path)


def run(page, tape, rows, weights, **options):
    """What the page says: values, slopes, sums, refused, finite."""
    arguments = [machine_data(), tape_data(tape), packed(rows), packed(weights), options]
    return tuple(page.evaluate(RUN, arguments))


def test_a_page_gives_the_bits_that_python_gives_for_every_operation(opened):
    batch = [[0.7, -1.2], [1.9, 0.4], [0.2, 2.5]]
    for name, recipe in GRAPHS.items():
        x, y, w, u = leaves = [Value(number) for number in (0.7, -1.2, 1.5, -0.3)]
        program = compile_graph(recipe(*leaves), [x, y], [w, u], "wasm")
        here = program.by_machine(program.rows(batch), program.weights(), 0.25, True)
        rows = [number for row in batch for number in row]
        *there, refused, finite = run(opened, program.tape, rows, [1.5, -0.3], count=3, share=0.25)
        assert (refused, finite) == (False, True), name
        assert there == [list(numbers) for numbers in here], name


def test_several_results_without_gradients(opened):
    x, w = Value(2.0), Value(3.0)
    tape = write_tape([x * w, x + w], [x], [w])
    assert run(opened, tape, [2.0, 5.0], [3.0], count=2, share=None) == (
        [6.0, 5.0, 15.0, 8.0], None, None, False, True,
    )  # fmt: skip


@pytest.mark.parametrize("build", [Value.log, Value.sqrt, lambda x: 1.0 / (x + 1.0)])
def test_what_the_graph_refuses_is_refused(opened, build):
    x = Value(2.0)
    tape = write_tape([build(x)], [x], [])
    assert run(opened, tape, [-1.0], []) == (None, None, None, True, False)
    assert run(opened, tape, [2.0], [])[0] == [build(x).data]


def test_numbers_that_are_not_finite_come_as_they_are(opened):
    # Python's floats say: inf * 2 is inf, of which the slope is 2, and inf * 0.0 is nan.
    x = Value(2.0)
    tape = write_tape([x * 2.0], [x], [])
    assert run(opened, tape, [math.inf], []) == ([math.inf], [2.0], [], False, False)
    values, *_ = run(opened, write_tape([x * 0.0], [x], []), [math.inf], [])
    assert math.isnan(values[0])


@pytest.mark.parametrize("constant", [-0.0, math.inf, -math.inf, math.nan, 5e-324, 0.1])
def test_a_constant_keeps_all_its_bits(opened, constant):
    x = Value(-0.0)
    tape = write_tape([x + constant], [x], [])
    (value,) = run(opened, tape, [-0.0], [])[0]
    assert repr(value) == repr(-0.0 + constant)


@pytest.mark.parametrize("momentum", [None, 0.0, 0.9])
def test_a_training_in_a_page_gives_the_bits_that_python_gives(opened, momentum):
    model, loss, x, rows = task()
    program = compile_graph(loss, x, model.parameters(), "wasm")
    params = program.params
    made = Adam(params, 0.01) if momentum is None else SGD(params, 0.1, momentum=momentum)
    start, rule, tables = list(program.weights()), rule_tape(made), []
    batches = -(-len(rows) // 3)
    columns = start + [0.0] * (len(start) * len(made.names))
    for _ in range(5):
        table = []
        for _ in range(batches):
            table += made.step_arguments().values()
            made.steps += 1
        tables.append(packed(table))
    made.steps = 0
    expected = [mean * len(rows) for mean in program.train(rows, made, 5, 3)]
    flat = packed([number for row in rows for number in row])
    losses, weights, steps = opened.evaluate(
        TRAIN,
        [machine_data(), tape_data(program.tape), tape_data(rule), flat, packed(start),
         packed(columns), 3, tables],
    )  # fmt: skip
    assert (weights, steps) == (list(program.weights()), made.steps)
    assert losses == pytest.approx(expected, rel=1e-15)  # the mean was multiplied again


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("outputs", [9], "reaches outside"),
        ("outputs", [], "fit no tape"),
        ("inputs", -1, "fit no tape"),
        ("slots", 1 << 40, "fit no tape"),
        ("lists", [0, 7], "reaches outside"),
        ("instructions", [["NO", 1, 1, 0, 0, 0, 0, -1]], "reaches outside"),
        ("instructions", [["MUL", 1, 1]], "an instruction has 8 numbers"),
    ],
)
def test_a_damaged_tape_is_refused_in_words(opened, field, value, words):
    x = Value(2.0)
    tape = {**tape_data(write_tape([x * x], [x], [])), field: value}
    said = opened.evaluate(
        """async ([module, tape]) => {
            const machine = await loadMachine(module);
            try { machine.program(tape); } catch (error) { return error.message; }
            return "";
        }""",
        [machine_data(), tape],
    )
    assert words in said


@pytest.mark.parametrize("wasm", [True, False])
def test_a_page_may_run_webassembly_if_it_asks_and_evaluate_text_never(visit, tmp_path, wasm):
    path = tmp_path / "page.html"
    path.write_text(
        html_page(HERE, ["computing/packed.js", "computing/machine.js"], wasm=wasm, title="policy")
    )
    policy = path.read_text().split('Content-Security-Policy" content="')[1].split('"')[0]
    assert policy.endswith("script-src 'unsafe-inline'" + " 'wasm-unsafe-eval'" * wasm)
    if wasm:
        name = "async text => (await loadMachine(text)).constructor.name"
        assert visit(path).evaluate(name, machine_data()) == "Machine"
