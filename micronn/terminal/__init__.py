"""What a terminal shows: graphs in words, images, plots, and a run that is watched.

Everything here returns something that rich can print or save, and prints nothing.
"""

from micronn.terminal.dashboard import Dashboard, watched
from micronn.terminal.images import gallery, grey_image, signed_image, square
from micronn.terminal.plots import Curves, bars, decision_plane, fitted_curve, landscape
from micronn.terminal.tables import (
    backward_table,
    check_table,
    computation_tree,
    confusion_table,
    plain_text,
    verdict_table,
)

__all__ = ["backward_table", "check_table", "computation_tree", "confusion_table", "plain_text"]
__all__ += ["verdict_table"]
__all__ += ["Curves", "bars", "decision_plane", "fitted_curve", "landscape"]
__all__ += ["gallery", "grey_image", "signed_image", "square", "Dashboard", "watched"]
