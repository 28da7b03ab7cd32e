"""micronn: a number that remembers how it was made, and everything that follows.

Nothing is re-exported here: `from micronn.engine import Value` tells you which file
to open.  The evening path, in reading order:

    tiny        the whole idea on one page
    engine      Value: records the graph, applies the chain rule backward
    nn          Neuron, Layer, MLP
    losses      one number that says how wrong a prediction is
    optim       SGD, Adam, learning-rate schedules
    data        toy data sets as plain numbers
    train       the training loop

    draw        a picture of any of it         checkpoint  a model on disk

Behind it are rooms, each of which can be taken away without harm to what is above it:

    support     what the path leans on: careful arithmetic, checks of arguments, texts
    graph       the record read as rows, and the one table of what each operation means
    check       is a gradient right, and why is it so?
    pictures    rows as SVG: cards and wires, the net as circles and lines, charts
    viewer      pages: backpropagation step by step, a quiz, the replay of a training run
    compiler    the same graph as a program
    training    the same loop, faster, on tasks, with scores
    datasets    digits, texts, tables, MNIST
    terminal    trees, tables, plots and progress
    cli         the micronn command
"""

import sys

__version__ = "0.1.0"

if "IPython" in sys.modules:
    from micronn.draw import show_in_notebook

    show_in_notebook()
