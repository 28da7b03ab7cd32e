"""The views of a graph: a card for a value, for a neuron, or for a layer."""
