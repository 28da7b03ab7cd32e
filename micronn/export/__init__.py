"""A model or a graph as a file for another engine, with a test that compares both; and back."""

from micronn.export.exporting import export
from micronn.export.reading import from_onnx, from_torch
from micronn.export.to_onnx import NoPackage

__all__ = ["NoPackage", "export", "from_onnx", "from_torch"]
