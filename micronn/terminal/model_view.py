"""What a model sees: its answers to examples, as pictures and in words.

A model of two inputs has a plane of answers, a model of one a curve, and a model of
an image is best judged by looking at the image.  What else there is stands in a table.
"""

import math
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from micronn.data import Examples
from micronn.nn import Module
from micronn.support.numeric import as_list, predicted_class
from micronn.support.text import fmt
from micronn.terminal.images import gallery, grey_image, square
from micronn.terminal.plots import decision_plane, fitted_curve
from micronn.training.metrics import right_class
from micronn.training.tasks import Question
from micronn.training.traced import predictor


class ModelView:
    """Examples as a model sees them.

    question: what the model is asked.
    data: inputs and targets.
    engine: "graph", or what its outputs are computed by; it may be set later.
    """

    def __init__(self, model: Module, question: Question, data: Examples, engine: str = "graph"):
        self.model, self.question, self.engine = model, question, engine
        self.inputs, self.targets = data
        self.predictors: dict[str, Callable[[Sequence[Any]], list[Any]]] = {}

    def answers(self, inputs: Sequence[Sequence[float]]) -> list[Any]:
        """What the model says, by the engine that trains it."""
        if self.engine not in self.predictors:
            self.predictors[self.engine] = predictor(self.model, inputs, self.engine)
        return self.predictors[self.engine](inputs)

    def probabilities(self, inputs: Sequence[Sequence[float]]) -> list[list[float]]:
        """The probability that the model gives each class."""
        return [self.question.probabilities(as_list(answer)) for answer in self.answers(inputs)]

    def picture(self) -> Callable[[int, int], RenderableType] | None:
        """What draws how the model sees its data; None where that has no picture."""
        nin, is_quantity = len(self.inputs[0]), self.question.kind == "quantity"
        if nin == 1 and is_quantity:
            return self.curve
        if nin == 2 and not is_quantity:
            return self.plane
        return self.images if is_image(nin) else None

    def curve(self, width: int, lines: int) -> RenderableType:
        """A model of one input as a curve among the points."""
        return fitted_curve(self.answers, self.inputs, self.targets, width, 2 * lines)

    def plane(self, width: int, lines: int) -> RenderableType:
        """A model of two inputs as the plane of its answers."""
        classes = [right_class(target) for target in self.targets]
        return decision_plane(self.probabilities, self.inputs, classes, width, 2 * lines)

    def images(self, width: int, lines: int) -> RenderableType:
        """The first few images with the answers, as many as there is room for."""
        side = math.isqrt(len(self.inputs[0]))
        count = max(1, width // (side + 2)) * max(1, lines // (side // 2 + 1))
        shown = list(islice(self.inputs, count))
        verdicts = map(self.verdict, self.answers(shown), self.targets)
        names = [f"{k}: {verdict}" for k, verdict in enumerate(verdicts, 1)]
        return gallery({name: grey_image(square(x)) for name, x in zip(names, shown, strict=True)})

    def sample(self) -> Callable[[int, int], RenderableType] | None:
        """What draws a few examples with the answers; None where the picture shows them."""
        return None if is_image(len(self.inputs[0])) else self.table

    def table(self, width: int, lines: int) -> RenderableType:
        """The first few examples: inputs, target, answer."""
        rows = Table.grid(padding=(0, 2, 0, 0))
        shown = list(islice(self.inputs, lines))
        for x, answer, target in zip(shown, self.answers(shown), self.targets, strict=False):
            rows.add_row(*[fmt(number) for number in x[:3]], Text(self.verdict(answer, target)))
        return rows

    def verdict(self, answer: Any, target: Any) -> str:
        """An answer beside the target, in words."""
        question = self.question
        if question.kind == "quantity":
            return f"{fmt(question.quantity(answer))} for {fmt(question.quantity(target))}"
        says = question.classes[predicted_class(answer)]
        right = question.classes[right_class(target)]
        return f"{says} is right" if says == right else f"{says} is wrong: {right}"


def is_image(nin: int) -> bool:
    """Whether so many inputs make a square image worth looking at."""
    return nin >= 64 and math.isqrt(nin) ** 2 == nin
