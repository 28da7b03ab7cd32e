"""What an optimiser must keep to go on later as if nothing had happened, as plain numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from micronn.support.arguments import count, non_negative
from micronn.support.number import as_float
from micronn.support.schedules import Schedule, learning_rate


class OptimizerState:
    """state_dict() and load_state_dict() of an optimiser, whose fields these are."""

    params: list[Any]
    lr: float | Schedule
    names: tuple[str, ...]
    memory: list[Sequence[float]]
    steps: int
    constants: dict[str, float]
    weight_decay: float

    @property
    def state(self) -> dict[str, list[float]]:
        """The memory by name: under each a list with a number for each parameter."""
        return {name: [row[k] for row in self.memory] for k, name in enumerate(self.names)}

    @state.setter
    def state(self, columns: Mapping[str, Sequence[float]]) -> None:
        rows = zip(*columns.values(), strict=True)
        self.memory = list(rows) if columns else [()] * len(self.params)

    def arguments(self) -> dict[str, Any]:
        """What builds it again, with params and lr."""
        return {**self.constants, "weight_decay": self.weight_decay}

    def state_dict(self) -> dict[str, Any]:
        """All that must be saved to go on later: kind, steps, lr and state, plain numbers."""
        lr = learning_rate(self.lr, self.steps)
        return {"kind": type(self).__name__, "steps": self.steps, "lr": lr, "state": self.state}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Go on from what state_dict() gave; a schedule, momentum and betas stay as built.

        Raises ValueError for the state of another kind of optimiser or of another
        number of parameters, TypeError for what is not a number; changes nothing then.
        """
        missing = {"kind", "steps", "lr", "state"} - saved.keys()
        if missing:
            raise ValueError(
                f"no state of an optimiser: {', '.join(sorted(missing))} missing; "
                "pass what state_dict() gave"
            )
        theirs = in_words(saved["kind"], saved["state"])
        ours = in_words(type(self).__name__, self.state)
        if theirs != ours:
            raise ValueError(
                f"the state is that of {theirs}; this is {ours}; "
                "build model and optimiser as the saved ones were built"
            )
        state = {name: [as_float(x) for x in saved["state"][name]] for name in self.state}
        steps, lr = count(saved["steps"], "steps", least=0), non_negative(saved["lr"], "lr")
        self.state, self.steps = state, steps
        self.lr = self.lr if callable(self.lr) else lr


def in_words(kind: str, state: Mapping[str, Sequence[float]]) -> str:
    """An optimiser by its kind, and by how many numbers it remembers under which name."""
    columns = [f"{len(column)} {name}" for name, column in sorted(state.items())]
    return f"{kind} with {' and '.join(columns) or 'no memory'}"
