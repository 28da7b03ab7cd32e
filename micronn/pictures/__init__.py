"""A graph as SVG: cards for values, neurons and layers, and the network as circles."""
