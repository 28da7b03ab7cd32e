"""What a neuron, a layer, a net and a model of your own have in common: parameters."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from micronn.support.number import Number, as_float


class Module:
    """Anything that holds parameters.  A model of your own needs only to inherit from it.

    Its parameters are the leaf Values found by walking through its attributes, lists in
    them, and the Modules among them.
    """

    def __call__(self, x: Any, /) -> Any:
        """What the model makes of an input; a model of your own says that itself."""
        name = type(self).__name__
        raise NotImplementedError(f"{name} has no __call__(self, x); write what it makes of x")

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Each parameter with its dotted name, such as layers.0.neurons.3.w.2."""
        to_do: list[tuple[str, Any]] = [("", self)]
        while to_do:
            name, thing = to_do.pop()
            if isinstance(thing, Number) and not thing.operands:
                yield name, thing
                continue
            parts: Iterable[tuple[Any, Any]] = ()
            if isinstance(thing, Module):
                parts = vars(thing).items()
            elif isinstance(thing, (list, tuple)):
                parts = enumerate(thing)
            prefix = f"{name}." if name else ""
            to_do.extend(reversed([(f"{prefix}{key}", part) for key, part in parts]))

    def parameters(self) -> list[Any]:
        """Every parameter, a leaf Value, in the order of named_parameters()."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0, before the next backward()."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The numbers the model has learned, by parameter name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter to the number of its name; all of them, or none.

        Raises ValueError for a name too few or too many, TypeError for what is not
        a number.
        """
        parameters = dict(self.named_parameters())
        differing = sorted(map(str, parameters.keys() ^ state.keys()))
        if differing:
            raise ValueError(
                f"the state fits another model: {len(differing)} names are only in one of both, "
                f"such as {differing[0]}; build the model with the sizes it was saved with"
            )
        numbers = {name: as_float(number) for name, number in state.items()}
        for name, parameter in parameters.items():
            parameter.data = numbers[name]
