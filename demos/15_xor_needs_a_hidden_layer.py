"""Demo 15.  XOR needs a hidden layer

Run:    python demos/15_xor_needs_a_hidden_layer.py
Takes:  under a second
Before: lesson 11
After:  you can train a net, and say what its hidden layer is for
New:    xor, MLP, .layers, .neurons

The question.  "Either, but not both" is four examples.  Why can no single neuron learn
them, however long it trains, when two neurons in front of it can?

What you will see.  Two lines of arithmetic that rule out every single neuron at once.
A hidden layer (multilayer perceptron) that moves the four points to where one line can
part them (linearly separable).  And a hidden layer that is no use at all, because its
neurons start out equal (symmetry).
"""

import random

from micronn.data import xor
from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import SGD

inputs, targets = xor(4, noise=0.0)  # the corners of a square; xor is +1.0 where one is 1


def train(model, steps=500, lr=0.2):
    """The loss at the end, and how many of the four signs are right."""
    optimizer = SGD(model.parameters(), lr)
    for _ in range(steps):
        loss = mse([model(x) for x in inputs], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.data, sum(model(x).data * t > 0.0 for x, t in zip(inputs, targets, strict=True))


# One neuron.  Whatever its weights, the two "yes" scores (logits) add
# up to the two "no" scores.
rng = random.Random(7)
print("      w1      w2       b    score(0,1)+score(1,0)   score(0,0)+score(1,1)")
for _ in range(3):
    w1, w2, b = (rng.randint(-40, 40) / 8.0 for _ in range(3))
    yes, no = (w2 + b) + (w1 + b), b + (w1 + w2 + b)
    print(f"{w1:8.3f}{w2:8.3f}{b:8.3f} {yes:18.3f} {no:23.3f}      {'equal' * (yes == no)}")
# prints: equal
print("Both are w1 + w2 + 2b.  One must be above zero, the other below: impossible.")
line = MLP(2, [1], rng=rng)
loss, right = train(line)
largest = max(abs(line(x).data) for x in inputs)
print(f"trained: loss {loss:.3f}, no answer further from 0 than {largest:.3f}\n")
# prints: trained: loss 1.000, no answer further from 0 than 0.000

# Two hidden neurons in front of it.  MLP(2, [2, 1]): 2 inputs, a layer of 2 neurons that
# read them, and a layer of 1 that reads those two.
model = MLP(2, [2, 1], "tanh", rng=random.Random(1))
loss, right = train(model)
print(f"{model}: loss {loss:.3f}, {right} of 4 right")
# prints: MLP(2 -> 2 tanh -> 1 linear): loss 0.000, 4 of 4 right
print("   inputs   hidden neurons say   answer   target")
for x, t in zip(inputs, targets, strict=True):
    h1, h2, y = *model.layers[0](x), model(x)
    print(f"   {x[0]:.0f}  {x[1]:.0f}   {h1.data:8.2f} {h2.data:8.2f} {y.data:10.2f} {t:8.0f}")
(w1, w2), b = model.layers[1].neurons[0].w, model.layers[1].neurons[0].b
print("The two that mean no, opposite corners of the square, were moved to one spot.")
print(f"The last neuron draws one line: {w1.data:.2f}*h1 {w2.data:+.2f}*h2 {b.data:+.2f} = 0.")
print("It is no cleverer than the neuron above.  Its inputs are.\n")

# The same two neurons, started alike.
equal = MLP(2, [2, 1], "tanh", rng=random.Random(1))
for layer in equal.layers:
    for parameter in layer.parameters():
        parameter.data = 0.5
loss, right = train(equal)
first, second = (neuron.parameters() for neuron in equal.layers[0].neurons)
apart = max(abs(p.data - q.data) for p, q in zip(first, second, strict=True))
print(f"started equal: loss {loss:.3f}, {right} of 4 right; after 500 steps the two")
print(f"hidden neurons are {apart} apart: two copies, doing the work of one")
# prints: hidden neurons are 0.0 apart: two copies, doing the work of one
print("Equal weights get equal grads, for ever.  So a net starts at random (initialization).")
luck = [train(MLP(2, [2, 1], "tanh", rng=random.Random(seed)))[1] for seed in range(6)]
print(f"Such a start may still fail.  Right of 4, for six random starts: {luck}")
# prints: Right of 4, for six random starts: [4, 4, 2, 4, 4, 2]
flat = [train(MLP(2, [2, 1], "linear", rng=random.Random(seed)))[1] for seed in range(6)]
print(f"\nThe same six without the curve (nonlinearity), f(z) = z: {flat}; all four: {4 in flat}")
# prints: all four: False
print("Sums of sums are one sum: without f, two layers are one neuron, and that cannot.")

# Change it:
#  - Take 3 hidden neurons in the last list.  Does any start still fail?
#  - Change one of the equal weights from 0.5 to 0.500001.  How small a difference will do?
#  - Take one of the six nets without a curve.  Which single neuron says the same as it?
