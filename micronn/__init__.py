"""micronn: a number that remembers how it was made, and everything that follows.

Nothing is re-exported here: `from micronn.engine import Value` tells you which file
to open.  The evening path, in reading order:

    engine      Value: records the graph, applies the chain rule backward
    nn          Neuron, Layer, MLP
    losses      one number that says how wrong a prediction is
    optim       SGD, Adam, learning-rate schedules
    data        toy data sets as plain numbers
    train       the training loop

Readers of the graph:

    gradcheck   slopes by nudging, compared with backward()
    explain     why a gradient is what it is; where a NaN was born
    graph       the graph as plain rows          draw     rows as SVG
    network     the network as circles and lines
    viewer      a page that steps through backpropagation
    replay      a page that replays a training run
    expr        typed text to a Value            terminal trees, tables, curves
    compiler    the graph as a program           native   the machine that runs it
    mnist       the IDX reader                   checkpoint  models as files
"""

import sys

__version__ = "0.1.0"

if "IPython" in sys.modules:  # in a notebook, Values and models show themselves as pictures
    from micronn import draw, network  # noqa: F401
