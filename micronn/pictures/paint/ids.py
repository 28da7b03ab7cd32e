"""What every part of a picture is called, written down once.

Who fills a part, hides it or looks for it asks here for its id, and no id is ever taken
apart: what else must be known of a part is a field beside it.

    >>> value(3), data(3), edge(3, 0), neuron(0, 2)
    ('n3', 'n3_data', 'e3_0', 'L0n2')
"""

# Values: k is the number of a row of the graph, row a line of its card.

value = "n{}".format  # k: the card of a value
data = "n{}_data".format  # k: the data on it
grad = "n{}_grad".format  # k: the gradient on it
derivative = "n{}_p{}".format  # k, row: a local derivative at its left
message = "n{}_m{}".format  # k, row: a message at its right
held = "n{}_held".format  # k: what its gradient holds beside the messages
edge = "e{}_{}".format  # user, j: the wire that brings operand j to value `user`

# Folds: layers and neurons are counted from 0, i is the number of a weight.

layer = "L{}".format  # layer: its card
neuron = "L{}n{}".format  # layer, neuron: its card
weight_edge = "w{}_{}_{}".format  # layer, neuron, i: the wire that brings input i to a neuron
input_column = "x{}_{}".format  # layer, i: the card of all that weight i of its neurons reads
all_inputs = "X{}".format  # layer: the card of all that it reads
rest = "R{}".format  # level: the card of what is in no neuron, behind so many layers
bundle = "{}_{}".format  # tail, head: the wire for all readings between two of these cards

# Lanes.  Graphviz draws what begins with "cluster" as a box.

layer_lane = "cluster_{}".format  # layer: its ground
net_lane = "cluster_net{}".format  # layer: the ground of the net whose first layer it is

# Ports, where wires begin and end: fields of a card's record, in the DOT text alone.

operand_port = "i{}".format  # row: at the left
use_port = "m{}".format  # row: at the right
OUTPUT_PORT = "o"

# The network and the plane, where a script repaints them: view is "w" or "g", column 0 the inputs.

weight_line = "{}w{}_{}_{}".format  # view, column, neuron, i: the line of weight i of a neuron
unit = "{}u{}_{}".format  # view, column, unit: its circle, and the number or stroke in it
bias = "{}b{}_{}".format  # view, column, neuron: the small square at it, and its stroke
largest = "{}m{}".format  # view, column: the words below the lines that end there
cells = "plane_{}".format  # token: all cells of that colour
border = "plane_border"
class_number = "plane_c{}".format  # cell: the number of the class on it
example = "plane_x{}".format  # k: the mark of an example
chosen = "plane_chosen"  # the rings around one
