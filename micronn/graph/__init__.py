"""The record that the engine leaves behind, read: rows, operations, neurons, steps, tangents."""

from micronn.graph.custom import custom_operation
from micronn.graph.forward import tangents
from micronn.graph.lines import line_of, record_lines
from micronn.graph.rows import Graph
from micronn.graph.steps import Story

__all__ = ["Graph", "Story", "custom_operation", "line_of", "record_lines", "tangents"]
