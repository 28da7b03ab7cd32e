"""A graph as SVG: cards for values, neurons and layers, and the network as circles.

Each kind of work has a room, which may use those before it.  paint has the colours, the
elements of SVG and the cards; layout makes a Sketch of cards and wires and asks Graphviz where
they go; views groups a graph into the cards of each view, and render there makes a Picture of
it; network draws circles and lines.  Beside them lie the charts of a training.
"""

from micronn.pictures.network.network import draw_network

__all__ = ["draw_network"]
