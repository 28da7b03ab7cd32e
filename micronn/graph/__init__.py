"""The record that the engine leaves behind, read: rows, operations, neurons, steps, slopes."""

from micronn.graph.custom import custom_operation
from micronn.graph.derivatives import grad, hessian, hessian_vector_product
from micronn.graph.forward import tangents
from micronn.graph.lines import line_of, record_lines
from micronn.graph.rows import Graph
from micronn.graph.steps import Story

__all__ = [
    "Graph", "Story", "custom_operation", "grad", "hessian", "hessian_vector_product", "line_of",
    "record_lines", "tangents",
]  # fmt: skip
