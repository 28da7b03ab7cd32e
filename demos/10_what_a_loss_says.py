"""Demo 10.  What a loss says

Run:    python demos/10_what_a_loss_says.py
Takes:  under a second
Before: lesson 5
After:  you can turn misses into one number, and let its slope correct them
New:    mean

The question.  Two people throw darts.  One hits the same spot again and again, far
from the middle.  The other hits all around it.  Who is worse, and who can be helped?

What you will see.  A loss makes one number of many misses: square, add, divide (mean
squared error).  It says who is worse now.  Its slope (gradient) says something else: who one
correction helps.  Misses themselves must not be added: they cancel.
"""

from micronn.engine import Value, mean

STEADY = [(3, 2), (4, 2), (3, 3), (4, 1)]  # (right, up) from the middle, in fingers
WILD = [(4, 0), (-4, 0), (0, 3), (0, -3)]


def board(throws, mark):
    """The board in characters: the middle is +, throws are marks."""
    dots = {(x, y): "." for x in range(-4, 5) for y in range(-4, 5) if x * x + y * y < 20}
    marks = {**dots, (0, 0): "+", **dict.fromkeys(throws, mark)}
    for up in range(4, -5, -1):
        yield "".join(f"{marks.get((right, up), ' '):2s}" for right in range(-5, 6))


print(f"{'steady':>14s} {'wild':>22s}")
for left, right in zip(board(STEADY, "S"), board(WILD, "W"), strict=True):
    print(f"   {left} {right}".rstrip())

print("\n          misses added    each miss squared    sum   loss = sum / 4")
for name, throws in (("steady", STEADY), ("wild", WILD)):
    added = sum(x for x, _ in throws), sum(y for _, y in throws)
    squares = [x * x + y * y for x, y in throws]
    terms = " ".join(f"{square:3d}" for square in squares)
    print(f"  {name:6s} {added!s:>12s}    {terms:>17s} {sum(squares):8d} {sum(squares) / 4:12.2f}")
# prints: steady (14, 8) 13 20 18 17 68 17.00
# prints: wild (0, 0) 16 16 9 9 50 12.50
print("""
A throw has two outputs, right and up; their squares are added: 13 = 3*3 + 2*2.
Then the throws are averaged.  Added up, the wild misses look perfect: left
cancels right.  Squares cannot cancel, so the loss sees every miss.  The steady
hand is worse.

Now both may shift their aim, by the same two numbers for every throw, and the
slope of the loss says which way.  One step against it, rate 0.5:
""")


def loss_of(throws, right, up):
    """The average squared distance from the middle when the aim is shifted."""
    return mean([(x + right) ** 2 + (y + up) ** 2 for x, y in throws])


for name, throws in (("steady", STEADY), ("wild", WILD)):
    right, up = Value(0.0, "right"), Value(0.0, "up")
    before = loss_of(throws, right, up)
    before.backward()
    slope = right.grad, up.grad
    for aim in (right, up):
        aim.data -= 0.5 * aim.grad
    after = loss_of(throws, right, up).data
    moved = f"aim moves by ({right.data:4.1f}, {up.data:4.1f})"
    print(f"  {name:6s} slope {slope!s:12s} {moved}   loss {before.data:5.2f} -> {after:5.2f}")
# prints: steady slope (7.0, 4.0) aim moves by (-3.5, -2.0) loss 17.00 -> 0.75
# prints: wild slope (0.0, 0.0) aim moves by ( 0.0, 0.0) loss 12.50 -> 12.50
print("""
The loss says how bad it is.  The slope says what this knob can do about it.
The steady hand needed one correction.  For the wild one every other aim is
worse: slope 0, loss 12.5.  It takes another knob, a steadier arm.
A net's knobs (parameters) are its weights, and its throws are its examples.""")

# Change it:
#  - Move one wild throw from (4, 0) to (8, 0).  Predict sum, loss and slope first.
#  - Use the rate 0.25, and then 1.0.  Where does the steady hand end?
#  - micronn.losses.mse averages over the outputs too.  What would it say of each?
#  - Leave out the squares: mean([abs(x + right) + abs(y + up) ...]).  Who is worse?
