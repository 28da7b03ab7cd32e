"""An optimiser is one line of arithmetic for each parameter, and a memory of its own.

The rules come first, from the simplest (a small step against the gradient) to Adam
(a step of about the same size in every parameter).  Each is written once, as a
function of numbers: parameter, gradient, memory -> new parameter, new memory.  It
uses arithmetic and sqrt alone, so it can be called with Values too, and a rule is
then a graph like any other: it can be drawn, or compiled.

    >>> w = Value(5.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> for _ in range(50):
    ...     optimizer.zero_grad()
    ...     ((w - 3.0) ** 2).backward()
    ...     optimizer.step()
    >>> round(w.data, 4)
    3.0
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from micronn.engine import Value
from micronn.support.arguments import count, pair
from micronn.support.number import as_float
from micronn.support.text import clipped

# Rules.  p: the parameter, g: its gradient, lr: the learning rate.  A weight_decay
# that is not 0 pulls every parameter towards 0.


def sgd_rule(p, g, lr, weight_decay=0.0):
    """Gradient descent: a step downhill, as long as the slope is steep times lr."""
    return (p - lr * decayed(g, p, weight_decay),)


def momentum_rule(p, g, velocity, lr, momentum, weight_decay=0.0):
    """A ball with friction: velocity keeps a share of itself and adds the new slope.

    Source: Polyak, "Some methods of speeding up the convergence of iteration
    methods", 1964, written as in PyTorch.
    """
    velocity = momentum * velocity + decayed(g, p, weight_decay)
    return p - lr * velocity, velocity


def nesterov_rule(p, g, velocity, lr, momentum, weight_decay=0.0):
    """Momentum that looks ahead: steps as if the new velocity had already acted once more.

    Source: Sutskever, Martens, Dahl, Hinton, "On the importance of initialization
    and momentum in deep learning", 2013, written as in PyTorch.
    """
    g = decayed(g, p, weight_decay)
    velocity = momentum * velocity + g
    return p - lr * (g + momentum * velocity), velocity


def adam_rule(p, g, m, v, lr, correction1, correction2, beta1, beta2, eps, weight_decay=0.0):
    """A step of about lr whatever the size of the gradient: its mean over its typical size.

    m, v: running averages of the gradient and of its square, which start at 0.
    correction1, correction2: 1 - beta**t at step t = 1, 2, ...: the share of the
        averages that is not that start.
    eps: added below the line, so that a parameter without gradient stays.

    Source: Kingma, Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.
    """
    g = decayed(g, p, weight_decay)
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    return p - lr * (m / correction1) / (sqrt(v / correction2) + eps), m, v


def adamw_rule(p, g, m, v, lr, correction1, correction2, beta1, beta2, eps, weight_decay):
    """Adam, with a decay that its averages do not see: each step first takes a share of p.

    Source: Loshchilov, Hutter, "Decoupled weight decay regularization", 2019.
    """
    p = p * (1.0 - lr * weight_decay)
    return adam_rule(p, g, m, v, lr, correction1, correction2, beta1, beta2, eps)


def decayed(g, p, weight_decay):
    """The gradient with that of weight_decay/2 * p**2 added."""
    return g + weight_decay * p if weight_decay else g


def sqrt(x):
    """Square root of a float or of a Value."""
    return x.sqrt() if isinstance(x, Value) else math.sqrt(x)


# Optimisers: a rule, the parameters it moves, and what it remembers of each


class Optimizer:
    """Moves parameters by a rule, and keeps the rule's memory.

    params: the parameters, in order; one listed twice is moved once.
    lr: the learning rate, to be set to a new number at any time.
    rule: called as rule(p, g, *memory, **numbers(), **constants) for each parameter;
        returns a tuple, the new p and then the new memory.
    state: that memory: for each of the rule's names, in its order, a list with a
        number for each parameter; all start at 0.
    constants: the rule's arguments that stay, by name.
    steps: how many steps were taken.
    """

    def __init__(self, params: Iterable[Value], lr: float, rule: Callable, memory, constants):
        self.params = parameter_list(params)
        self.lr = number(lr, "lr")
        self.rule = rule
        self.state = {name: [0.0] * len(self.params) for name in memory}
        self.constants = {name: number(x, name) for name, x in constants.items()}
        self.steps = 0

    def numbers(self) -> dict[str, float]:
        """The rule's arguments that change: those of the next step, by name."""
        return {"lr": number(self.lr, "lr")}

    def next_step(self) -> list[tuple[float, ...]]:
        """What the rule makes of each parameter now: its new data, then its new memory."""
        rule = partial(self.rule, **self.numbers(), **self.constants)
        memory = zip(*self.state.values(), strict=True) if self.state else [()] * len(self.params)
        return [rule(p.data, p.grad, *own) for p, own in zip(self.params, memory, strict=True)]

    def step(self) -> None:
        """Move every parameter once, by its grad.  Grads stay; zero_grad() clears them."""
        data, *columns = map(list, zip(*self.next_step(), strict=True))
        for p, moved in zip(self.params, data, strict=True):
            p.data = moved
        self.state = dict(zip(self.state, columns, strict=True))
        self.steps += 1

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0, before the next backward()."""
        for p in self.params:
            p.grad = 0.0

    def state_dict(self) -> dict:
        """All that must be saved to go on later: kind, steps, lr and state, plain numbers."""
        state = {name: list(column) for name, column in self.state.items()}
        return {"kind": type(self).__name__, "steps": self.steps, "lr": self.lr, "state": state}

    def load_state_dict(self, saved: Mapping) -> None:
        """Go on from what state_dict() gave; momentum, betas and the like stay as built.

        Raises ValueError for the state of another kind of optimiser or of another
        number of parameters, TypeError for what is not a number; changes nothing then.
        """
        missing = {"kind", "steps", "lr", "state"} - saved.keys()
        if missing:
            raise ValueError(f"no state of an optimiser: {', '.join(sorted(missing))} missing")
        kind, state = saved["kind"], saved["state"]
        if kind != type(self).__name__ or state.keys() != self.state.keys():
            raise ValueError(
                f"the state is that of {kind} with {', '.join(state) or 'no memory'}; this is "
                f"{type(self).__name__} with {', '.join(self.state) or 'no memory'}; "
                "build the optimiser as the saved one was built"
            )
        for name, column in state.items():
            if len(column) != len(self.params):
                raise ValueError(
                    f"{name} was saved for {len(column)} parameters, this optimiser moves "
                    f"{len(self.params)}; build the model with the sizes it was saved with"
                )
        new = {name: [as_float(x) for x in state[name]] for name in self.state}
        self.steps, self.lr = count(saved["steps"], "steps", least=0), number(saved["lr"], "lr")
        self.state = new


class SGD(Optimizer):
    """Gradient descent on a batch, plain, with momentum, or with Nesterov's look ahead.

    params: the Values to move, any iterable: model.parameters().
    lr: learning rate per step, at least 0; 0.1 to 0.001 is usual.
    momentum: the share of the velocity that is kept, 0 for none; 0.9 is usual.
    nesterov: look ahead, which needs momentum.
    weight_decay: adds weight_decay * p to each gradient.

    Raises ValueError for no parameters, for numbers that are negative, nan or
    infinite, and for nesterov without momentum; TypeError for what is no number or
    no parameter.

    Source: torch.optim.SGD, with its names and formulas.
    """

    def __init__(self, params, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
        constants = {"momentum": momentum, "weight_decay": weight_decay}
        if momentum:
            rule = nesterov_rule if nesterov else momentum_rule
            super().__init__(params, lr, rule, ["velocity"], constants)
        elif nesterov:
            raise ValueError("nesterov looks ahead along the momentum, which is 0; use 0.9")
        else:
            super().__init__(params, lr, sgd_rule, [], {"weight_decay": weight_decay})


class Adam(Optimizer):
    """Steps of about lr in each parameter, however large or small its gradients are.

    params, lr, weight_decay: as for SGD; 0.01 to 0.0001 is usual for lr.
    betas: the shares that the averages of gradient and squared gradient keep at each
        step, from 0 to below 1.
    eps: a small number above 0.

    Raises as SGD does, and ValueError for betas and eps outside these ranges.

    Source: torch.optim.Adam, with its names and formulas.
    """

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        beta1, beta2 = pair(betas, "betas is a pair of numbers")
        if max(number(beta1, "beta1"), number(beta2, "beta2")) >= 1.0:
            raise ValueError(f"betas must be below 1, got {betas!r}; (0.9, 0.999) is usual")
        if eps == 0.0:
            raise ValueError("eps must be above 0, or a gradient of 0 is divided by 0; use 1e-8")
        constants = {"beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, lr, adam_rule, ["m", "v"], constants)

    def numbers(self) -> dict[str, float]:
        """lr, and how much of the two averages is not their start at 0."""
        t = self.steps + 1
        corrections = {
            "correction1": 1.0 - self.constants["beta1"] ** t,
            "correction2": 1.0 - self.constants["beta2"] ** t,
        }
        return super().numbers() | corrections


class AdamW(Adam):
    """Adam whose weight decay shrinks each parameter directly, apart from its gradient.

    Arguments as for Adam, but for the usual weight_decay, which is 0.01 here.

    Source: torch.optim.AdamW, with its names and formulas.
    """

    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr, betas, eps, weight_decay)
        self.rule = adamw_rule


# Before a step


def clip_gradient(params: Iterable[Value], longest: float) -> float:
    """Shorten the gradient of all params together to a length; returns what it was.

    Source: Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural
    networks", 2013, algorithm 1.  torch's clip_grad_norm_.
    """
    params = list(params)
    length = math.hypot(*[p.grad for p in params])
    if length > longest:
        for p in params:
            p.grad *= longest / length
    return length


# Schedules: functions from a step, 0, 1, 2, ..., to the learning rate of that step,
# for `optimizer.lr = schedule(step)` in the loop

Schedule = Callable[[int], float]


def step_schedule(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """lr, multiplied by factor after each `every` steps.  torch's StepLR.

    Raises ValueError for an lr or factor below 0, or for an `every` below 1.

    >>> schedule = step_schedule(1.0, every=10, factor=0.5)
    >>> schedule(0), schedule(9), schedule(10), schedule(25)
    (1.0, 1.0, 0.5, 0.25)
    """
    lr, every, factor = number(lr, "lr"), count(every, "every"), number(factor, "factor")
    return lambda step: lr * factor ** (step // every)


def cosine_schedule(lr: float, steps: int, lowest: float = 0.0) -> Schedule:
    """From lr down to lowest in `steps` steps, gently at both ends; then it stays there.

    Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm
    restarts", 2017, formula 5.  torch's CosineAnnealingLR.
    Raises ValueError for an lr or lowest below 0, or for steps below 1.

    >>> schedule = cosine_schedule(1.0, steps=100)
    >>> schedule(0), round(schedule(50), 4), schedule(100), schedule(500)
    (1.0, 0.5, 0.0, 0.0)
    """
    lr, steps, lowest = number(lr, "lr"), count(steps, "steps"), number(lowest, "lowest")

    def schedule(step: int) -> float:
        done = min(step / steps, 1.0)
        return lowest + (lr - lowest) * 0.5 * (1.0 + math.cos(math.pi * done))

    return schedule


def warmup_schedule(steps: int, then: float | Schedule) -> Schedule:
    """Rises evenly for `steps` steps to where `then`, a number or a schedule, begins.

    Raises ValueError for steps below 1.

    >>> schedule = warmup_schedule(4, cosine_schedule(1.0, steps=2))
    >>> [schedule(step) for step in range(7)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.5, 0.0]
    """
    steps = count(steps, "steps")
    after = then if callable(then) else constant_schedule(then)
    return lambda step: after(0) * (step + 1) / steps if step < steps else after(step - steps)


def constant_schedule(lr: float) -> Schedule:
    """lr at every step."""
    lr = number(lr, "lr")
    return lambda step: lr


# Checks


def parameter_list(params) -> list[Value]:
    """params as a list of given Values, each once; refuses anything else in words."""
    if isinstance(params, Value) or not hasattr(params, "__iter__"):
        hint = "[w] for one Value, model.parameters() for a model"
        raise TypeError(f"params is a list of Values, got {clipped(repr(params))}; write {hint}")
    params = list(params)
    if not params:
        raise ValueError("no parameters to move; pass model.parameters()")
    for p in params:
        if not isinstance(p, Value):
            raise TypeError(
                f"params holds {clipped(repr(p))}, not a Value; pass model.parameters()"
            )
        if p.operands:
            raise ValueError(f"a parameter is a given Value, got one computed by {p.op!r}: {p!r}")
    return list(dict.fromkeys(params))


def number(x, name) -> float:
    """x as a float that is finite and at least 0."""
    try:
        x = as_float(x)
    except TypeError:
        raise TypeError(f"{name} is a number, got {clipped(repr(x))}") from None
    if not 0.0 <= x < math.inf:
        raise ValueError(f"{name} must be a finite number of at least 0, got {x!r}")
    return x
