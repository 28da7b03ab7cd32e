"""An optimiser is one line of arithmetic for each parameter, and a memory of its own.

The rules come first, from the simplest (a small step against the gradient) to Adam
(a step of about the same size in every parameter).  Each is written once, as a
function of numbers: parameter, gradient, memory -> new parameter, new memory.  It can
be called with Values too, and is then a graph like any other.

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
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from micronn.engine import Value
from micronn.support.arguments import non_negative, pair, parameters
from micronn.support.optimizer_state import OptimizerState
from micronn.support.schedules import Schedule as Schedule
from micronn.support.schedules import cosine_schedule as cosine_schedule
from micronn.support.schedules import learning_rate as learning_rate
from micronn.support.schedules import warmup_schedule as warmup_schedule

Num = Any  # a float, or a Value where a rule is recorded as a graph
Rule = Callable[..., list[Num]]

# Rules.  p: a parameter, g: its gradient, lr: the learning rate.  Each returns the
# new p, followed by the new numbers that it remembers of this parameter.


def sgd_rule(p: Num, g: Num, lr: Num) -> list[Num]:
    """Gradient descent, p.data -= lr * p.grad: a step downhill, longer where it is steeper."""
    return [p - lr * g]


def momentum_rule(p: Num, g: Num, velocity: Num, lr: Num, momentum: Num) -> list[Num]:
    """A ball with friction: velocity keeps a share of itself and adds the new gradient.

    Source: Polyak, "Some methods of speeding up the convergence of iteration
    methods", 1964, written as in PyTorch.
    """
    velocity = momentum * velocity + g
    return [p - lr * velocity, velocity]


def nesterov_rule(p: Num, g: Num, velocity: Num, lr: Num, momentum: Num) -> list[Num]:
    """Momentum that looks ahead: steps by the velocity that comes next, if the slope stays.

    Source: Sutskever, Martens, Dahl, Hinton, "On the importance of initialization
    and momentum in deep learning", 2013, written as in PyTorch.
    """
    velocity = momentum * velocity + g
    return [p - lr * (g + momentum * velocity), velocity]


def adam_rule(
    p: Num, g: Num, m: Num, v: Num, lr: Num, correction1: Num, correction2: Num,
    beta1: Num, beta2: Num, eps: Num,
) -> list[Num]:  # fmt: skip
    """A step of about lr: the mean of the gradients divided by their typical size.

    m, v: running averages of the gradient and of its square, which start at 0.
    correction1, correction2: 1 - beta**t at step t = 1, 2, ...: by this factor the
        averages are too small, because of that start.
    eps: added to the divisor, so that a parameter without gradient stays.

    Source: Kingma, Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.
    """
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    return [p - lr * (m / correction1) / (sqrt(v / correction2) + eps), m, v]


def sqrt(x: Num) -> Num:
    """Square root of a float or of a Value."""
    return x.sqrt() if isinstance(x, Value) else math.sqrt(x)


# Optimisers: a rule, the parameters it moves, and what it remembers of each


class Optimizer(OptimizerState):  # which has state_dict() and load_state_dict()
    """Moves parameters by a rule, and keeps the rule's memory.

    params: the parameters, in order; one listed twice is moved once.
    lr: the learning rate, or a schedule of it; to be set anew at any time.
    rule: called for each parameter; for Adam as rule(p, g, m, v, lr=..., beta1=..., ...).
    names: of the numbers that the rule remembers of a parameter, such as m and v.
    weight_decay: how strongly each step also pulls p towards 0; see decayed().
    constants: the rule's arguments that stay, by name.

    memory then holds those numbers for each parameter, which start at 0, and steps
    counts how many steps were taken.
    """

    def __init__(
        self, params: Iterable[Value], lr: float | Schedule, rule: Rule, names: Sequence[str],
        weight_decay: float = 0.0, **constants: float,
    ):  # fmt: skip
        self.params: list[Value] = parameters(params)
        self.lr, self.steps = lr, 0
        learning_rate(lr, 0)  # a wrong one is refused now, not at the first step
        self.rule, self.names = rule, tuple(names)
        self.memory = [(0.0,) * len(names)] * len(self.params)
        self.weight_decay = non_negative(weight_decay, "weight_decay")
        self.constants = {name: non_negative(x, name) for name, x in constants.items()}

    def step_arguments(self) -> dict[str, float]:
        """The rule's arguments that change from step to step: those of the next one."""
        return {"lr": learning_rate(self.lr, self.steps)}

    def decayed(self, p: Num, g: Num, lr: Num) -> tuple[Num, Num]:
        """p, and g with weight_decay * p added, so that every step also pulls p towards 0."""
        return p, (g + self.weight_decay * p if self.weight_decay else g)

    def next_step(self) -> list[list[float]]:
        """What the rule makes of each parameter now: its new data, then its new memory."""
        arguments, decayed = self.step_arguments() | self.constants, self.decayed
        rule, lr = partial(self.rule, **arguments), arguments["lr"]  # those are given already
        return [
            rule(*decayed(p.data, p.grad, lr), *remembered)
            for p, remembered in zip(self.params, self.memory, strict=True)
        ]

    def step(self) -> None:
        """Move every parameter once, by its grad.  Grads stay; zero_grad() clears them."""
        new = self.next_step()  # all of them first: an error then moves nothing
        for p, numbers in zip(self.params, new, strict=True):
            p.data = numbers.pop(0)
        self.memory = [*new]  # what is left of each row
        self.steps += 1

    def zero_grad(self) -> None:
        """Set the grad of every parameter to 0, before the next backward()."""
        for p in self.params:
            p.grad = 0.0


class SGD(Optimizer):
    """Stochastic gradient descent (each step sees some of the examples), maybe with momentum.

    params: the Values to move, any iterable: model.parameters().
    lr: learning rate per step, at least 0; 0.1 to 0.001 is usual.  Or a schedule.
    momentum: the share of the velocity that is kept, 0 for none; 0.9 is usual.
    nesterov: look ahead, which needs momentum.
    weight_decay: adds weight_decay * p to each gradient.

    Raises ValueError for no parameters, for numbers that are negative, nan or
    infinite, and for nesterov without momentum; TypeError for what is no number or
    no parameter.

    Source: torch.optim.SGD, with its names and formulas.
    """

    def __init__(
        self, params: Iterable[Value], lr: float | Schedule, momentum: float = 0.0,
        nesterov: bool = False, weight_decay: float = 0.0,
    ):  # fmt: skip
        if momentum:
            rule = nesterov_rule if nesterov else momentum_rule
            super().__init__(params, lr, rule, ["velocity"], weight_decay, momentum=momentum)
        elif nesterov:
            raise ValueError("nesterov looks ahead along the momentum, which is 0; use 0.9")
        else:
            super().__init__(params, lr, sgd_rule, [], weight_decay)

    def arguments(self) -> dict[str, Any]:
        """Momentum and the like: what an equal optimizer is built with, beside params and lr."""
        momentum, nesterov = self.constants.get("momentum", 0.0), self.rule is nesterov_rule
        return {"momentum": momentum, "nesterov": nesterov, "weight_decay": self.weight_decay}


class Adam(Optimizer):
    """Steps of about lr in each parameter, however large or small its gradients are.

    params, lr, weight_decay: as for SGD; 0.01 to 0.0001 is usual for lr.
    betas: the shares that the averages of gradient and squared gradient keep at each
        step, from 0 to below 1.
    eps: a small number above 0.

    Raises as SGD does, and ValueError for betas and eps outside these ranges.

    Source: torch.optim.Adam, with its names and formulas.
    """

    def __init__(
        self, params: Iterable[Value], lr: float | Schedule = 0.001,
        betas: Sequence[float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.0,
    ):  # fmt: skip
        beta1, beta2 = pair(betas, "betas is a pair of numbers")
        if max(non_negative(beta1, "beta1"), non_negative(beta2, "beta2")) >= 1.0:
            raise ValueError(f"betas must be below 1, got {betas!r}; (0.9, 0.999) is usual")
        if eps == 0.0:
            raise ValueError("eps must be above 0, or a gradient of 0 is divided by 0; use 1e-8")
        numbers = {"beta1": beta1, "beta2": beta2, "eps": eps}
        super().__init__(params, lr, adam_rule, ["m", "v"], weight_decay, **numbers)

    def arguments(self) -> dict[str, Any]:
        """Momentum and the like: what an equal optimizer is built with, beside params and lr."""
        betas, eps = [self.constants["beta1"], self.constants["beta2"]], self.constants["eps"]
        return {"betas": betas, "eps": eps, "weight_decay": self.weight_decay}

    def step_arguments(self) -> dict[str, float]:
        """lr, and how much of the two averages is not their start at 0."""
        arguments, t = super().step_arguments(), self.steps + 1
        arguments["correction1"] = 1.0 - self.constants["beta1"] ** t
        arguments["correction2"] = 1.0 - self.constants["beta2"] ** t
        return arguments


class AdamW(Adam):
    """Adam whose weight decay shrinks each parameter directly, unseen by its averages.

    Arguments as for Adam, but for the usual weight_decay, which is 0.01 here.

    Source: Loshchilov, Hutter, "Decoupled weight decay regularization", 2019.
    torch.optim.AdamW, with its names and formulas.
    """

    def __init__(
        self, params: Iterable[Value], lr: float | Schedule = 0.001,
        betas: Sequence[float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.01,
    ):  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay)

    def decayed(self, p: Num, g: Num, lr: Num) -> tuple[Num, Num]:
        """p without a share of itself, and g as it is."""
        return p * (1.0 - lr * self.weight_decay), g


# Before a step


def clip_gradient(params: Iterable[Value], longest: float) -> float:
    """Shorten the gradient of all params together to at most `longest`; returns its length before.

    Source: Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural
    networks", 2013, algorithm 1.  torch's clip_grad_norm_.
    """
    params = list(params)
    length = math.hypot(*[p.grad for p in params])
    if length > longest:
        for p in params:
            p.grad *= longest / length
    return length
