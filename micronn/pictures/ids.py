"""What every part of a picture is called, written down once.

Who fills a part, hides it or looks for it asks here for its id, and no id is ever taken
apart: what else must be known of a part is a field beside it.

    >>> value(3), data(3), edge(3, 0), neuron(0, 2)
    ('n3', 'n3_data', 'e3_0', 'L0n2')
"""

# Values: k is the number of a row of the graph, row a line of its card.


def value(k: int) -> str:
    """The card of value k."""
    return f"n{k}"


def data(k: int) -> str:
    """The data on the card of value k."""
    return f"n{k}_data"


def grad(k: int) -> str:
    """The gradient on the card of value k."""
    return f"n{k}_grad"


def derivative(k: int, row: int) -> str:
    """A local derivative at the left of the card of value k."""
    return f"n{k}_p{row}"


def message(k: int, row: int) -> str:
    """A message at the right of the card of value k."""
    return f"n{k}_m{row}"


def edge(user: int, j: int) -> str:
    """The wire that brings operand j to value `user`."""
    return f"e{user}_{j}"


# Folds: layer and neuron are counted from 0, i is the number of a weight.


def layer(layer: int) -> str:
    """The card of a layer."""
    return f"L{layer}"


def neuron(layer: int, neuron: int) -> str:
    """The card of a neuron."""
    return f"L{layer}n{neuron}"


def weight_edge(layer: int, neuron: int, i: int) -> str:
    """The wire that brings input i to a neuron."""
    return f"w{layer}_{neuron}_{i}"


def input_column(layer: int, i: int) -> str:
    """The card of everything that weight i of a layer's neurons reads."""
    return f"x{layer}_{i}"


def all_inputs(layer: int) -> str:
    """The card of everything that a layer reads."""
    return f"X{layer}"


def rest(level: int) -> str:
    """The card of what is in no neuron, behind so many layers."""
    return f"R{level}"


def bundle(tail: str, head: str) -> str:
    """The wire for all readings between two of these cards."""
    return f"{tail}_{head}"


def layer_lane(layer: int) -> str:
    """The ground of a layer.  Graphviz draws what begins with "cluster" as a box."""
    return f"cluster_{layer}"


def net_lane(layer: int) -> str:
    """The ground of a net whose first layer this is."""
    return f"cluster_net{layer}"


# Ports: the fields of a card's record, where wires begin and end.  They are no ids of
# the picture, only of its DOT text.

OUTPUT_PORT = "o"


def operand_port(row: int) -> str:
    """A row at the left of a card."""
    return f"i{row}"


def use_port(row: int) -> str:
    """A row at the right of a card."""
    return f"m{row}"
