"""A model as circles and lines, and its first weights as images."""
