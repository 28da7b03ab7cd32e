"""The derivative rules stand apart from the class, by the name of the operation."""

import math

RULES = {
    "add": lambda g, y, a, b: (g, g),
    "sub": lambda g, y, a, b: (g, -g),
    "mul": lambda g, y, a, b: (g * b, g * a),
    "div": lambda g, y, a, b: (g / b, -g * y / b),
    "pow": lambda g, y, a, b: (g * b * a ** (b - 1), g * y * math.log(a) if a > 0 else 0.0),
    "neg": lambda g, y, a: (-g,),
    "exp": lambda g, y, a: (g * y,),
    "sqrt": lambda g, y, a: (g / (2 * y),),
    "softplus": lambda g, y, a: (g / (1 + math.exp(-a)) if a > -700 else 0.0,),
    "abs": lambda g, y, a: (g if a > 0 else -g,),
}


def lift(x):
    return x if isinstance(x, Value) else Value(x)


def apply(op, function, *operands):
    operands = [lift(x) for x in operands]
    out = Value(function(*[x.data for x in operands]))
    out.op, out.operands = op, operands
    return out


class Value:
    op, operands = None, ()

    def __init__(self, data):
        self.data, self.grad = float(data), 0.0

    def backward(self):
        order, mark = [], {}
        stack = [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif id(node) not in mark:
                mark[id(node)] = node
                stack.append((node, True))
                stack.extend((x, False) for x in node.operands)
        for node in order:
            if node.operands:
                node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            if node.op:
                messages = RULES[node.op](node.grad, node.data, *[x.data for x in node.operands])
                for operand, message in zip(node.operands, messages, strict=True):
                    operand.grad = operand.grad + message


for name, op, function in [
    ("add", "add", lambda a, b: a + b),
    ("sub", "sub", lambda a, b: a - b),
    ("mul", "mul", lambda a, b: a * b),
    ("truediv", "div", lambda a, b: a / b),
    ("pow", "pow", lambda a, b: a**b),
]:
    setattr(Value, f"__{name}__", lambda a, b, how=(op, function): apply(*how, a, b))
    setattr(Value, f"__r{name}__", lambda a, b, how=(op, function): apply(*how, b, a))
for name, function in [
    ("__neg__", lambda a: -a),
    ("__abs__", abs),
    ("exp", math.exp),
    ("sqrt", math.sqrt),
    ("softplus", lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a)))),
]:
    op = name.strip("_")
    setattr(Value, name, lambda a, how=(op, function): apply(*how, a))
