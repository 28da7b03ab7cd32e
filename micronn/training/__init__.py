"""The same training loop, faster and on tasks."""
