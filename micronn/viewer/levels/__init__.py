"""One graph from the network down to a single message, each level a click from the next."""
