"""What demos/benchmark.py measures: the work, who does it, and what comes out."""
