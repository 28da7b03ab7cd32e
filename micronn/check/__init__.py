"""Is a gradient right, and why is it what it is?"""

from micronn.check.gradcheck import gradcheck, step_size_table
from micronn.check.health import health
from micronn.check.nonfinite import trace_nonfinite
from micronn.check.paths import why

__all__ = ["gradcheck", "health", "step_size_table", "trace_nonfinite", "why"]
