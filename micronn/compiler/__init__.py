"""A graph as a program: Python that can be read, or a tape for a small machine in C."""
