"""Pages: step through backpropagation, answer questions, replay a training."""

from micronn.viewer.quiz import save_worksheet
from micronn.viewer.recorder import Recorder
from micronn.viewer.stepper import to_html

__all__ = ["Recorder", "save_worksheet", "to_html"]
