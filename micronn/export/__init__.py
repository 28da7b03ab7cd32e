"""A model or a graph as a file for another engine, with a test that proves it the same."""

from micronn.export.exporting import export

__all__ = ["export"]
