"""What a reader must be told before the numbers of a graph: what they are of, and what moved.

Every view says these sentences where they can be seen.

    >>> from micronn.engine import Value
    >>> w = Value(2.0, "w")
    >>> loss = w * w
    >>> loss.backward()
    >>> w.data -= 0.1 * w.grad
    >>> for note in notes(Graph(loss)):
    ...     print(note)
    w has changed since: it was 2, now 1.6. This shows the graph as it was computed, with 2.
"""

from collections.abc import Iterable, Sequence

from micronn.graph.again import is_fresh
from micronn.graph.rows import Graph, Row
from micronn.support.text import brief, fmt

FEW = 3  # that are told by name


def notes(graph: Graph) -> list[str]:
    """What has changed since a graph was computed, and whose gradients are not of one pass."""
    return [] if is_fresh(graph) else [*since(graph.nodes), *gradients(graph)]


def since(rows: Sequence[Row], every: Sequence[Row] = ()) -> list[str]:
    """Which numbers are not those that were computed with.

    every: all rows of the graph, if rows are some of them.
    """
    moved = [row for row in rows if row.now is not None]
    told = []
    if len(moved) == 1:
        was, now = fmt(moved[0].data), fmt(moved[0].current)
        told.append(
            f"{moved[0].title} has changed since: it was {was}, now {now}. "
            f"This shows the graph as it was computed, with {was}."
        )
    elif moved:
        names = listed([f"{row.title} was {fmt(row.data)}" for row in moved])
        some, params = f"{len(moved):,} values", [r for r in every or rows if r.role == "param"]
        if all(row.role == "param" for row in moved):
            some = f"{len(moved):,} of {len(params):,} parameters"
        told.append(f"{some} have changed since: {names}. This shows the graph as it was computed.")
    misfits = [row for row in rows if row.gives is not None]
    if misfits:
        names = listed(
            [f"{row.title} is {fmt(row.data)}, not {fmt(row.gives or 0.0)}" for row in misfits]
        )
        told.append(f"Computed from numbers that are not here any more: {names}.")
    return told


def gradients(graph: Graph, rows: Iterable[Row] | None = None) -> list[str]:
    """Whose gradients are missing, or are more than one pass; of all rows, if they are left out.

    Nobody uses the gradient of a constant, and no zero_grad() clears it.
    """
    rests: dict[str, list[str]] = {}
    for row in graph.nodes if rows is None else rows:
        if row.rest and row.role != "const":
            text = f"{row.title} {fmt(row.rest.size, sign=True)}"
            rests.setdefault(row.rest.word, []).append(text)
    told = []
    if not graph.ran:
        told.append(
            f"No backward() yet, or none that reached {graph.nodes[-1].title}: its grad is 0."
        )
    sentences = {
        "before": "Held before this pass, or changed after it: {}. zero_grad() clears it.",
        "cleared": "Taken away since, by a zero_grad() perhaps: {}.",
        "not yet": "On its way back, not added yet: {}.",
        "seed": "Forward mode, seeds: {}. Tangents are the rates at which values move with them.",
        "elsewhere": "From outside this graph, or another pass: {}.",
    }
    told += [sentences[word].format(listed(texts)) for word, texts in rests.items()]
    return told


def listed(texts: list[str]) -> str:
    """The first few of some texts, and how many more there are."""
    return brief(texts, FEW + 1, "and {:,} more")
