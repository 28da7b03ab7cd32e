"""A graph as SVG: cards for values, neurons and layers, and the network as circles.

A graph is grouped into cards (value_view, neuron_view, layer_view), the cards become a
Sketch, Graphviz says where they go (layout), and render paints them there.
"""

from micronn.pictures.network import draw_network

__all__ = ["draw_network"]
