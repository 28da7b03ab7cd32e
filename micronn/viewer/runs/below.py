"""What opens below the graph of the example: each neuron value by value, at every snapshot.

The scenes are those of levels/moving.py.  The replay brings the numbers of its snapshots
along for them; the page of a training works them out.
"""

from typing import Any

from micronn.graph.rows import Graph
from micronn.pictures.paint.legend import RULE
from micronn.pictures.paint.page import filled
from micronn.pictures.paint.svg import escape
from micronn.pictures.views.render import Known, choose
from micronn.viewer.levels.moving import Moving, Tracks, moving
from micronn.viewer.toolbar import HERE

STYLES = ("computing/equation.css", "levels/levels.css")
MIDDLE = (
    "computing/numbers.js",
    "computing/packed.js",
    "computing/arithmetic.js",
    "levels/moving.js",
)  # of the scripts, before those of the page
LAST = ("levels/levels.js",)  # after them
OPENS = " Click a card to see how its numbers are computed."


class Below:
    """The scenes of a run, made from the first graph that there is, and its numbers.

    known: what the picture of the latest graph has found out.
    """

    def __init__(self) -> None:
        self.known = Known()
        self.found: Moving | None = None
        self.tracks: Tracks | None = None
        self.missed = 0  # snapshots before that graph

    def add(self, graph: Graph | None) -> None:
        """The graph of the next snapshot, if it has one; its picture is made already."""
        plan = self.known.plan if graph else None
        if plan and not self.tracks:
            self.found = moving(plan, choose(plan.graph, plan, "auto") == "layers")
            self.tracks = Tracks(self.found, plan.graph, self.missed)
        if self.tracks:
            self.tracks.add(plan)
        else:
            self.missed += 1

    def data(self) -> dict[str, Any]:
        """What the scripts of a replay get beside the rest."""
        if not self.found or not self.tracks:
            return {}
        return {"levels": {**self.found.data(), "numbers": self.tracks.data()}}


def parts(found: Moving | None) -> dict[str, str]:
    """What the skeleton of a page gets."""
    if found is None:
        return {"levels": "", "opens": ""}
    box = filled(HERE, "runs/values.html", scenes=found.packed(), rule=escape(RULE))
    return {"levels": box, "opens": OPENS}
