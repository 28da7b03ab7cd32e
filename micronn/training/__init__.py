"""The same training loop, faster or on tasks."""

from micronn.train import Diverged, Step
from micronn.training.fit import Score, early_stopping, evaluate, fit, steps
from micronn.training.metrics import accuracy, confusion_matrix, rmse
from micronn.training.traced import predict

__all__ = [
    "Diverged", "Score", "Step", "accuracy", "confusion_matrix", "early_stopping", "evaluate",
    "fit", "predict", "rmse", "steps",
]  # fmt: skip
