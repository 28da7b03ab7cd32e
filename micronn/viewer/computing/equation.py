"""A step in numbers, as HTML: what is multiplied by what, and what that is added to."""

from micronn.graph.steps import Message, Step
from micronn.pictures.paint.palette import SHADES
from micronn.pictures.paint.svg import breakable, escape
from micronn.support.text import fmt, number
from micronn.viewer.computing.step_data import Slots

SHADED = "".join([f".{token}{{background:var(--{token})}}" for token in (*SHADES, "bad")])  # CSS
MOST_LINES = 60  # of the messages that one step sends


def equation(step: Step, slots: Slots) -> str:
    """A step in numbers: the chain rule in boxes if one message is sent, else line by line."""
    if len(step.messages) == 1:
        return boxes(step.messages[0], slots)
    lines = [escape(text) for text in step.lines]
    for item in step.messages[:MOST_LINES]:
        to, product = slots.story.name(item.to), f"{number(item.local)} × {number(item.upstream)}"
        lines.append(f"to {escape(to)}: {product} = {chip(slots, item.to, item.size)}")
    if len(step.messages) > MOST_LINES:
        lines.append(f"… {len(step.messages) - MOST_LINES:,} more")
    return "".join([f"<p>{line}</p>" for line in lines])


def boxes(item: Message, slots: Slots) -> str:
    """The chain rule for one message, and the sum it becomes part of."""
    to, user = (breakable(slots.story.name(k)) for k in (item.to, item.user))
    symbol = breakable(slots.story.rule(item).symbol)
    upstream = chip(slots, item.user, item.upstream)
    added = f"{fmt(item.before)} + {number(item.size)} = {chip(slots, item.to, item.after)}"
    product = three_boxes(
        (chip(slots, item.to, item.size), to), (fmt(item.local), symbol), (upstream, user)
    )
    return product + f"<p>grad of {to}: {added}</p>" * item.is_added


def three_boxes(message: tuple[str, str], local: tuple[str, str], upstream: tuple[str, str]) -> str:
    """The chain rule in boxes: each number as HTML, and whose it is."""
    (size, to), (slope, symbol), (grad, user) = message, local, upstream
    return (
        f'<div class="boxes"><div>{size}<small>message to {to}</small>'
        f"</div><span>=</span><div><b>{slope}</b><small>local derivative<br>{symbol}"
        f"</small></div><span>×</span><div>{grad}<small>upstream gradient<br>grad of {user}"
        "</small></div></div>"
    )


def chip(slots: Slots, k: int, x: float) -> str:
    """A gradient of row k in its colour."""
    _, text, token = slots.grad(k, x)
    return f'<b><mark class="{token}">{text}</mark></b>'
