"""Pages: step through backpropagation, answer questions, replay a training and go on with it."""

from micronn.viewer.replay import Recorder
from micronn.viewer.stepper import to_html
from micronn.viewer.worksheet import save_worksheet

__all__ = ["Recorder", "save_worksheet", "to_html"]
