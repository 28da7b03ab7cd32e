"""Demo 21.  Ranked gradients

Run:    python demos/21_ranked_gradients.py
Takes:  under a second
Before: lesson 16
After:  you can ask a net which of its parameters matter now
New:    bars, .named_parameters(), .state_dict()

The question.  A net has 41 parameters, so its gradient is a list of 41 numbers: one
arrow in a space of 41 directions (vector).  Which parameters matter most right now?

What you will see.  The ranking, as bars.  A test of what it promises: nudge each
parameter alone, by the same amount (finite difference), and see which one lowers the
loss most.  How much of the whole arrow the few biggest entries make up.  And what the
ranking does not say: after training it is another one.
"""

import math
import random

from rich.console import Console

from micronn.data import moons
from micronn.losses import mse
from micronn.nn import MLP
from micronn.terminal import bars

show = Console(width=78).print
inputs, targets = moons(40, noise=0.1, rng=random.Random(7))
model = MLP(2, [10, 1], "tanh", rng=random.Random(3))
named = dict(model.named_parameters())  # named_parameters: layers.0.neurons.3.w.1 and so on


def loss_now():
    return mse([model(x) for x in inputs], targets)


def ranking():
    """The names of all parameters, the steepest first."""
    model.zero_grad()
    loss_now().backward()
    return sorted(named, key=lambda name: -abs(named[name].grad))


ranked = ranking()
grads = {name: named[name].grad for name in ranked}
print(f"{model}, loss {loss_now().data:.3f}.  Its gradient has {len(ranked)} entries;")
# prints: MLP(2 -> 10 tanh -> 1 linear)
print("the biggest eight and the smallest three (+: more of it raises the loss)")
show(bars({name: grads[name] for name in ranked[:8] + ranked[-3:]}, width=36))

# Does it hold?  Nudge one parameter at a time, against its sign, all by 0.01.
before = loss_now().data
gains = {}
for name, p in named.items():
    kept = p.data
    p.data -= math.copysign(0.01, grads[name])
    gains[name] = before - loss_now().data
    p.data = kept
by_gain = sorted(named, key=lambda name: -gains[name])
print("\nnudged by 0.01 against its sign, each alone:  0.01 * |grad|   loss fell by")
for name in ranked[:3] + ranked[-1:]:
    print(f"   {name:41s} {0.01 * abs(grads[name]):13.6f} {gains[name]:14.6f}")
print(f"the five biggest entries gain most: {set(ranked[:5]) == set(by_gain[:5])}")
# prints: the five biggest entries gain most: True

# The gradient as an arrow: how much of its length is in the biggest entries?
length = math.hypot(*grads.values())
print(f"\nlength of the whole arrow (norm): {length:.3f}.  Steps of length 0.1 along")
for count in (1, 5, 41):
    kept = model.state_dict()  # state_dict: a copy of all numbers
    part = math.hypot(*[grads[name] for name in ranked[:count]])
    for name in ranked[:count]:
        named[name].data -= 0.1 * grads[name] / part
    print(f"   the {count:2d} biggest: {part / length:4.0%} of the length", end="   ")
    print(f"loss {before:.3f} -> {loss_now().data:.3f}")
    model.load_state_dict(kept)
# prints: the 41 biggest: 100% of the length
print("No direction falls faster than the whole arrow.  A few entries come close.")

# Another place, another ranking.
for _ in range(200):
    ranking()
    for p in model.parameters():
        p.data -= 0.2 * p.grad
later = ranking()
print(f"\nafter 200 steps: loss {loss_now().data:.3f}, length of the arrow", end=" ")
print(f"{math.hypot(*[p.grad for p in model.parameters()]):.3f}; of the first five,")
print(f"{len(set(ranked[:5]) & set(later[:5]))} are still among the first five")
print("A small entry does not mean a useless weight, only no lever here and now.")

# Change it:
#  - Scale the first input by 100.  Which entries grow, and did they become important?
#  - Move only the five biggest at each step of the training.  How far does that come?
#  - Nudge by 1.0 instead of 0.01.  Is the ranking still right that far from home?
