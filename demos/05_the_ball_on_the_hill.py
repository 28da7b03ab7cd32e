"""Demo 5.  The ball on the hill

Run:    python demos/05_the_ball_on_the_hill.py
Takes:  under a second
Before: lesson 1
After:  you can write gradient descent, and choose its learning rate

The question.  Gradient descent is one line: x = x - lr * slope.  What do the minus,
the slope (gradient) and the lr (learning rate) each do, and when may it stop?

What you will see.  The sign of the slope, and which way the ball goes.  One update
with its numbers.  Six learning rates on one hill, from creeping to exploding, where
two as different as 0.1 and 0.9 turn out equally fast.  What stopping early saves, and
the same rule on a surface, where every arrow points downhill.
"""

from micronn.engine import Value


def slope_at(x):
    """The loss (x - 3)**2 and its slope."""
    x = Value(x)
    loss = (x - 3.0) ** 2
    loss.backward()
    return loss.data, x.grad


# The sign.  It is the ball that moves, to the other side of the sign.
print("loss = (x - 3)**2          x    loss   slope   so x must go")
for x in (0.0, 2.0, 3.0, 4.0, 6.0):
    loss, slope = slope_at(x)
    way = (
        "right, up to larger x"
        if slope < 0
        else "left"
        if slope > 0
        else "nowhere: the bottom (minimum)"
    )
    print(f"{x:28.1f} {loss:7.1f} {slope:7.1f}   {way}")
# prints: 0.0 9.0 -6.0 right, up to larger x
# prints: 3.0 0.0 0.0 nowhere: the bottom
# prints: 6.0 9.0 6.0 left
print("The slope points uphill, so the step takes its opposite: that is the minus.\n")

# The method: 1. start somewhere.  2. step against the slope.  3. repeat.
x, lr = 0.0, 0.1
print("step      x - lr * slope = new x")
for step in range(1, 4):
    loss, slope = slope_at(x)
    print(f"{step:4d} {x:6.3f} - {lr} * {slope:6.3f} = {x - lr * slope:.3f}")
    x -= lr * slope
# prints: 1 0.000 - 0.1 * -6.000 = 0.600
# prints: 2 0.600 - 0.1 * -4.800 = 1.080
print("The steps shrink by themselves, because the slope does.  At rest: below 0.001.\n")

# The learning rate.  By hand: slope = 2 * (x - 3), so each step multiplies the
# distance to 3 by 1 - 2*lr.  That factor is the whole story.
print("  lr  factor   the ball after steps 0 to 9, bottom at |   steps till at rest")
for lr in (0.01, 0.1, 0.5, 0.9, 1.0, 1.1):
    x, track, steps = 0.0, {}, 0
    while abs(slope_at(x)[1]) > 0.001 and steps < 1000 and abs(x) < 1e6:
        if steps < 10 and -1.0 <= x <= 7.0:
            track.setdefault(round(5 * x), str(steps))
        x -= lr * slope_at(x)[1]
        steps += 1
    picture = "".join(track.get(c, "|" if c == 15 else ".") for c in range(-4, 36))
    settled = abs(slope_at(x)[1]) <= 0.001
    end = str(steps) if settled else "never" if abs(x) < 1e6 else "explodes"
    print(f"{lr:4.2f} {1.0 - 2.0 * lr:7.2f}   {picture}   {end}")
# prints: 0.01 0.98 ....026............|.................... 431
# prints: 0.10 0.80 ....0..1.2.3.45679.|.................... 39
# prints: 0.50 0.00 ....0..............|.................... 1
# prints: 0.90 -0.80 ....0....2...4.68..|.97.5..3...1........ 39
# prints: 1.00 -1.00 ....0..............|..............1..... never
# prints: 1.10 -1.20 ....0..............|.................1.. explodes
print("0.9 overshoots every time and is as fast as 0.1: only the size of the factor")
print("counts.  From 1 on, the ball never comes to rest (divergence).\n")

# When to stop.  At the bottom the slope is 0, but a walk only comes closer.
print("with lr 0.1, stop at slope   0.1   0.001   0.00001   0.0000001")
counts = []
for small in (0.1, 0.001, 0.00001, 0.0000001):
    x, steps = 0.0, 0
    while abs(slope_at(x)[1]) > small and steps < 1000:
        x -= 0.1 * slope_at(x)[1]
        steps += 1
    counts.append(steps)
print("                     steps   {:3d} {:7d} {:9d} {:11d}".format(*counts))
# prints: steps 19 39 60 81
print("Each further factor of 100 costs the same 20 or 21 steps and moves x ever")
print('less.  "Until the minimum" means: until you no longer care (convergence).\n')

# A surface: loss = x*x + 9*y*y.  The gradient is a vector, one slope for each number.
print("downhill, where the larger slope points; o is the bottom, S to 9 a walk")
x, y, walk = Value(-6.0), Value(3.0), {}
for step in range(10):
    walk.setdefault((round(x.data), round(y.data)), "S123456789"[step])
    x.grad = y.grad = 0.0
    (x * x + 9.0 * y * y).backward()
    x.data, y.data = x.data - 0.09 * x.grad, y.data - 0.09 * y.grad
for row in range(3, -4, -1):
    line = []
    for column in range(-8, 9):
        a, b = Value(column), Value(row)
        (a * a + 9.0 * b * b).backward()
        arrow = "v^"[b.grad < 0] if abs(b.grad) > abs(a.grad) else "<>"[a.grad < 0]
        line.append(walk.get((column, row), "o" if column == row == 0 else arrow))
    print("   " + " ".join(line))
print("Downhill is not the way to the bottom: in this ravine (ill-conditioned) it points")
print("across, and the walk zigzags.  What to do about that is demo 22.")

# Change it:
#  - loss = (x - 3)**2 * 5.  Which lr is now the best, and which the first to explode?
#  - loss = abs(x - 3): its slope never shrinks.  Which rates still come to rest?
#  - Leave out the minus.  Where does the ball end, and what would that be good for?
