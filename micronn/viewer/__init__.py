"""Pages: step through backpropagation, answer questions, replay a training and go on with it.

Each kind of page has a room, which may use those before it: questions, computing, levels,
steps, runs.  Beside them lies what all pages share: the toolbar and what turns the leaves.
"""

from micronn.viewer.questions.worksheet import save_worksheet
from micronn.viewer.runs.replay import Recorder
from micronn.viewer.steps.stepper import to_html

__all__ = ["Recorder", "save_worksheet", "to_html"]
