"""Pages: step through backpropagation, answer questions, replay a training and go on with it.

Each kind of page has a room, which may use those before it: questions, computing, levels,
steps, runs.  Beside them lies what all pages share: the toolbar and what turns the leaves.

Every given number of a page is a field: what follows is computed anew in the page, forward and
backward, with its steps and sentences, and the address keeps the numbers, so a link is a
lesson.  The page of a Recorder that has the optimizer goes on training, without a server, to
Python's numbers.  On the page of a net, whatever is clicked is marked in what opens, and adds up.
"""

from micronn.viewer.questions.worksheet import save_worksheet
from micronn.viewer.runs.replay import Recorder
from micronn.viewer.steps.stepper import to_html

__all__ = ["Recorder", "save_worksheet", "to_html"]
