"""A recipe: the complete description of one training, and a job: one member to train with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from shoal.composition import prefix


@dataclass(frozen=True)
class Recipe:
    """Techniques by name, architecture, batch size, length, and hyperparameters.

    network: a name of ``shoal.networks.register``, or "own" (the task's own module). activation,
    normalization ("none" or a name), initializer ("own" keeps the module's own), optimizer, schedule,
    controller ("none" or a name).
    hyper: "technique.name" → value, for example {"adam.lr": 1e-3, "l2.coefficient": 1e-4,
    "dropout.rate": 0.1}; what is absent takes the technique's default. L2 and dropout are on exactly when
    their coefficient or rate stands in ``hyper``.
    batch_size: rows a step, or "all". epochs: passes over the training rows (may be a fraction).
    optimizer: a name, the path of the user's own file, ``file.py:Class`` for a ``torch.optim.Optimizer``
    class, or several put together: ``"sgd>adam@0.3"``, ``"matrix:lion|adam"``, ``"centralize+adam+cautious"``
    (see ``shoal.composition``).
    train_size: training rows that are used, drawn by seed (fewer are a subset of more); None for all.
    Preprocessing is fitted on all of them. label_noise: share of the training rows whose class is replaced by
    another, drawn by seed; the training score is of what was trained on.
    """

    network: str = "mlp"
    width: int = 64
    depth: int = 2
    residual: bool = False
    activation: str = "relu"
    normalization: str = "none"
    initializer: str = "he_normal"
    optimizer: str = "adam"
    schedule: str = "constant"
    controller: str = "none"
    batch_size: int | Literal["all"] = 64
    epochs: float = 30.0
    train_size: int | None = None
    label_noise: float = 0.0
    device: str = "cpu"
    hyper: Mapping[str, float] = field(default_factory=dict)

    def with_hyper(self, **values: float) -> "Recipe":
        """A copy with more hyperparameters; a dot in a name is written as two underscores."""
        named = {name.replace("__", "."): value for name, value in values.items()}
        return replace(self, hyper={**self.hyper, **named})

    def hyper_of(self, technique: str) -> dict[str, float]:
        """The recipe's own values for one technique or label, without what stands before the last dot."""
        split = {name: name.rpartition(".") for name in self.hyper}
        own = prefix(technique)
        return {split[name][2]: value for name, value in self.hyper.items() if split[name][0] == own}


class Job(NamedTuple):
    """One member to train. ``name`` is unique and stable: results, checkpoints and resuming go by it.

    points: how often, at equal distances, its validation loss and score are recorded while it trains
    (``Outcome.details["curve"]``: the fields of ``curves.Point``, a list each). With any, all metrics of its
    test rows are recorded at its end, too (``Outcome.details["metrics"]``: name → value).
    judged: whether test rows are looked at; where hyperparameters are chosen they are not, and the test score
    is NaN.
    """

    name: str
    recipe: Recipe
    seed: int
    points: int = 0
    judged: bool = True


class Outcome(NamedTuple):
    """What became of a job. Scores are the task's metric; losses are means over rows.

    Diverged members have NaN scores. ``seconds`` is this member's share of its stack's wall time,
    ``memory`` its bytes of parameters, optimizer state and buffers, ``evaluations`` gradient evaluations.
    """

    name: str
    valid_score: float
    test_score: float
    train_score: float
    train_loss: float
    valid_loss: float
    diverged: bool
    steps: int
    evaluations: float
    seconds: float
    memory: int
    details: Mapping[str, Any]


class Progress(NamedTuple):
    """A sign of life: networks finished and member-steps done since ``train`` was called, mode in words."""

    finished: int
    member_steps: int
    note: str
