"""The record that the engine leaves behind, read: rows, operations, neurons, steps."""

from micronn.graph.custom import custom_operation
from micronn.graph.rows import Graph
from micronn.graph.steps import Story

__all__ = ["Graph", "Story", "custom_operation"]
