"""What a neuron, a layer, a net and a model of your own have in common: parameters."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from micronn.support.number import Number, as_float
from micronn.support.text import clipped, printable


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

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set every parameter to the number of its name; all of them, or none.

        state: what state_dict() gave.  Or, for an MLP, what that of PyTorch gave for as
            many Linear layers; it does not tell the activations, so name those yourself.

        Raises ValueError for a name too few or too many, TypeError for what is not
        a number.
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"a state is a dictionary from name to number, got {clipped(repr(state))} "
                f"({type(state).__name__}); pass what its state_dict() gives"
            )
        sizes = "the sizes it was saved with"
        if any(getattr(tensor, "shape", ()) for tensor in state.values()):
            state, sizes = from_linear_layers(state)
        parameters = dict(self.named_parameters())
        differing = sorted(map(str, parameters.keys() ^ state.keys()))
        if differing:
            raise ValueError(
                f"the state fits another model: {len(differing)} names are only in one of both, "
                f"such as {printable(clipped(differing[0]))}; build the model with {sizes}"
            )
        numbers = {name: as_float(number) for name, number in state.items()}
        for name, parameter in parameters.items():
            parameter.data = numbers[name]


def from_linear_layers(tensors: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The state of an MLP from that of PyTorch's Linear layers, and the sizes of that MLP.

    tensors: for each layer a weight of shape (nout, nin) and a bias of shape (nout,),
        such as 0.weight and 0.bias.  The layers follow one another as in the
        dictionary, or by their numbers if they have such names.
    """
    layers: dict[str, dict[str, Any]] = {}
    for name, tensor in tensors.items():
        prefix, _, kind = name.rpartition(".")
        layers.setdefault(prefix, {})[kind] = tensor
    names = sorted(layers, key=int) if all(map(str.isdecimal, layers)) else list(layers)
    state: dict[str, Any] = {}
    nin, nouts = 0, list[int]()
    for k, name in enumerate(names):
        shapes = {kind: tuple(getattr(x, "shape", ())) for kind, x in sorted(layers[name].items())}
        nout, nin_here = (*shapes.get("weight", ()), 0, 0)[:2]
        if shapes != {"bias": (nout,), "weight": (nout, nin_here)}:
            got = " and ".join([f"{kind} of shape {shape}" for kind, shape in shapes.items()])
            raise ValueError(
                f"layer {printable(clipped(name))!r} is none of PyTorch's Linear, which has a bias "
                f"of shape (nout,) and a weight of shape (nout, nin); it has {printable(got)}"
            )
        nin = nin or nin_here
        nouts.append(nout)
        rows = zip(layers[name]["weight"].tolist(), layers[name]["bias"].tolist(), strict=True)
        for j, (row, b) in enumerate(rows):
            neuron = f"layers.{k}.neurons.{j}"
            state |= {f"{neuron}.w.{i}": w for i, w in enumerate(row)} | {f"{neuron}.b": b}
    return state, f"MLP({nin}, {nouts})"
