"""micronn: a number that remembers how it was made, and everything that follows.

Nothing is re-exported here: `from micronn.engine import Value` tells you which file
to open.  The evening path, in reading order:

    engine      Value: records the graph, applies the chain rule backward
    nn          Neuron, Layer, MLP
    losses      one number that says how wrong a prediction is
    optim       SGD, Adam, learning-rate schedules
    data        toy data sets as plain numbers
    train       the training loop

Readers of the graph, each of which can be taken away without harm to the engine:

    asking      gradcheck byhand explain health: is a gradient right, and why is it so?
    pictures    graph folds: the graph as rows, and where neurons are in it
                looks paint values blocks neurons folded plan layout draw: rows as SVG
                network: the net as circles and lines
    pages       rules story viewer: a page that steps through backpropagation
                film charts replay: a page that replays a training run
                quiz: predict a number, then see it
    programs    compiler source tape native machine.c: the graph at machine speed
    learning    drawn texts table mnist: more data      tasks: data and its question
                metrics passes recorded train: the loop      checkpoint files: models on disk
    terminal    expr: typed formulas      terminal canvas plots dashboard seen: what is shown
                cli_expressions cli_train cli_models __main__: the command
"""

import sys

__version__ = "0.1.0"

if "IPython" in sys.modules:  # in a notebook, Values and models show themselves as pictures
    from micronn import draw  # noqa: F401
    from micronn.pictures import network  # noqa: F401
