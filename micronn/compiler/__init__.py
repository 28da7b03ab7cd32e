"""A graph as a program: Python that can be read, or a tape for a small machine in C."""

from micronn.compiler.build import NoMachine
from micronn.compiler.program import Program, compile_graph
from micronn.compiler.rebuild import UnknownOperation

__all__ = ["NoMachine", "Program", "UnknownOperation", "compile_graph"]
