"""What a page needs to let a model go on learning: tapes, examples and states, as plain data.

The loss of an example, the answers of the model and the optimiser's rule are recorded once
and run in the page by machine.js, so that its steps are those of Program.train: the batches
in the order of the data, the same rule, the same numbers.

    loss        tape of an example's loss; its inputs are those of the example and its target
    units       the slots of the loss's tape that hold the numbers of each column of the network
    answers     tape from inputs to what the model says
    rule        tape of the optimiser, and which of its arguments is the learning rate
    arguments   tape from the steps taken to the other arguments
    rows        the examples, one after the other; batch: how many make a batch
    chosen      the row of the example that the pictures show; index: where that is, or -1
    layers      for each neuron of each layer the indices of its weights and of its bias
    fixed       the indices of parameters that the optimiser does not move
    states      snapshots to begin from: steps taken, parameters, the optimiser's memory
"""

import copy
import warnings
from collections.abc import Sequence
from typing import Any, cast

from micronn.compiler.build import NoMachine
from micronn.compiler.rebuild import UnknownOperation
from micronn.compiler.tape import Tape, write_tape
from micronn.compiler.training import rule_tape
from micronn.engine import DomainError, Value, as_value
from micronn.optim import Optimizer, learning_rate
from micronn.pictures.network.network_columns import recorded
from micronn.support.number import number_of
from micronn.support.numeric import as_list
from micronn.training.eager import Objective
from micronn.training.traced import TracedLoss, traced_loss
from micronn.viewer.computing.tapes import machine_data, packed, tape_data
from micronn.viewer.runs.run import Run, Snapshot

REFUSALS = (ArithmeticError, AttributeError, DomainError, LookupError, NotImplementedError,
            TypeError, ValueError)  # fmt: skip


class NotHere(Exception):
    """A model that cannot learn in a page; the message says why."""


def training_data(run: Run) -> tuple[dict[str, Any], TracedLoss]:
    """What the page of a run with an optimiser knows of it, and the loss of an example, traced.

    Raises NotHere, in words.
    """
    optimizer, most = cast(Optimizer, run.optimizer), run.most_states()
    if most < 2:
        count, learned = len(cast(Any, run.data)[0]), len(run.learned)
        many = f"{count:,} examples and {learned:,} parameters are too many for one"
        raise NotHere(f"{many}; give the recorder fewer examples")
    try:
        program = traced(run)
        loss, units = loss_tape(run, program)
        rule, arguments = rule_tape(optimizer), arguments_tape(optimizer)
        answers = answers_tape(run, program)
    except (NoMachine, UnknownOperation, *REFUSALS) as refusal:
        why, *_ = (str(refusal) or repr(refusal)).split(";")  # what follows is advice for Python
        raise NotHere(why) from None
    count, names = len(program.rows), list(optimizer.step_arguments())
    chosen = b"".join(program.encoded([list(map(number_of, run.shown[0]))], [run.shown[1]]))
    data = {
        "machine": machine_data(),
        "loss": tape_data(loss),
        "units": units,
        "answers": tape_data(answers),
        "rule": {**tape_data(rule), "lr": names.index("lr")},
        "arguments": tape_data(arguments),
        "rows": packed(memoryview(b"".join(program.rows)).cast("d")),
        "count": count,
        "batch": min(run.batch_size or count, count),
        "chosen": packed(memoryview(chosen).cast("d")),
        "index": program.rows.index(chosen) if chosen in program.rows else -1,
        "layers": neurons(run),
        "fixed": [k for k, p in enumerate(run.learned) if p not in {*optimizer.params}],
        "lr": learning_rate(optimizer.lr, optimizer.steps),
        "states": [
            {"step": snapshot.taken, "columns": packed(snapshot.columns)}
            for snapshot in thinned(run.snapshots(), most)
        ],
    }
    return data, program


def thinned(snapshots: Sequence[Snapshot], most: int) -> Sequence[Snapshot]:
    """At most so many of them, evenly spaced, with the first and the last."""
    last = len(snapshots) - 1
    if last < most:
        return snapshots
    return [snapshots[round(k * last / (most - 1))] for k in range(most)]


def traced(run: Run) -> TracedLoss:
    """The loss of an example as a program of all parameters; refuses what is not one graph."""
    objective = Objective(run.model, cast(Any, run.loss), run.learned)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            program = traced_loss(objective, cast(Any, run.data), "machine")
        except NoMachine:
            program = traced_loss(objective, cast(Any, run.data), "python")
    if program is None:
        raise ArithmeticError("the loss of an example is not finite")
    return program


def loss_tape(run: Run, program: TracedLoss) -> tuple[Tape, list[list[int]]]:
    """The tape of an example's loss, and in which slots it has the numbers of each column."""
    inputs, targets = cast(Any, run.data)
    root, leaves = program.graph(inputs[0], targets[0])
    columns: list[Sequence[Any]] = [leaves[: len(inputs[0])]]
    for layer in run.layers:
        columns.append([neuron(columns[-1]) for neuron in layer])
    columns = recorded(columns, root)
    tape = write_tape([root, *[unit for column in columns for unit in column]], leaves, run.learned)
    slots = iter(tape.outputs[1:])
    tape.outputs = tape.outputs[:1]
    return tape, [[next(slots) for _ in column] for column in columns]


def answers_tape(run: Run, program: TracedLoss) -> Tape:
    """The tape from the inputs of an example to what the model says."""
    leaves = [Value(number_of(number)) for number in cast(Any, run.data)[0][0]]
    return write_tape(as_list(cast(Any, run.model)(leaves)), leaves, run.learned)


def arguments_tape(optimizer: Optimizer) -> Tape:
    """The tape from the count of steps taken to the rule's arguments for the next one.

    Its learning rate is 0: the reader of the page sets that.
    """
    other = copy.copy(optimizer)
    other.lr, steps = 0.0, Value(float(optimizer.steps))
    other.steps = cast(Any, steps)
    return write_tape([as_value(x) for x in other.step_arguments().values()], [steps], [])


def neurons(run: Run) -> list[list[dict[str, Any]]]:
    """For each neuron of each layer, which of the parameters are its weights and its bias."""
    index = {p: k for k, p in enumerate(run.learned)}
    return [
        [{"w": [index[w] for w in neuron.w], "b": index[neuron.b]} for neuron in layer]
        for layer in run.layers
    ]
