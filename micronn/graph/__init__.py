"""The record that the engine leaves behind, read: rows, operations, neurons, steps."""
