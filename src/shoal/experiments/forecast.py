"""What a comparison can show, said before anything is trained."""

from dataclasses import dataclass

from shoal.experiments import screening, sizing
from shoal.experiments.plan import Plan
from shoal.experiments.sizing import Size
from shoal.experiments.training import Training
from shoal.statistics.power import smallest_difference
from shoal.tasks import metrics
from shoal.tasks.task import Task

POWER = 0.8
_DISAGREEMENT = 0.1
"""Share of test rows on which two trained networks are taken to differ; nothing is known yet."""
_RELATIVE_DEVIATION = 0.05


@dataclass(frozen=True)
class Forecast:
    """networks and member_steps to be trained; evaluation seeds an arm; the smallest true difference in the
    score that these seeds call better or worse with probability ``POWER``, if paired differences have the
    standard deviation ``assumed_deviation`` (``relative``: both are shares of the baseline's mean)."""

    networks: int
    member_steps: int
    evaluation_seeds: int
    smallest_difference: float
    assumed_deviation: float
    relative: bool
    words: str


def forecast(plan: Plan, size: Size, training: Training, task: Task) -> Forecast:
    """The forecast of a size.

    Before training the deviation is a guess: networks that disagree on a tenth of the test rows
    (√(0.1 / rows)) for an accuracy and other shares of 1, 5 % of the mean for anything else.
    """
    relative = not (plan.judge == "score" and metrics.find(plan.metric).share)
    deviation = _RELATIVE_DEVIATION if relative else (_DISAGREEMENT / len(task.prepare(0).test)) ** 0.5
    others = len(plan.screens) or len(plan.arms) - 1
    tuning = size.tuning.networks * len(plan.arms)
    if plan.screens:
        tuning = screening.networks(plan, size.tuning)
    networks = tuning + size.evaluation_seeds * (others + 1)
    steps = sum(training.trainer.steps(arm.at({}, size.epochs)) for arm in plan.arms)
    smallest = float("inf")
    if size.evaluation_seeds >= sizing.ENOUGH:
        smallest = smallest_difference(
            size.evaluation_seeds, deviation, arms=others, alpha=plan.alpha, power=POWER
        )
    if plan.screens:
        words = f"about {networks:,} networks fit: {tuning} to try {len(plan.arms) - 1} alternatives on "
        words += f"{others} axes, {size.evaluation_seeds} to judge the best of each, "
    else:
        words = f"about {networks:,} networks fit: up to {size.tuning.networks} to tune each of "
        words += f"{len(plan.arms)} arms, {size.evaluation_seeds} to judge it, "
    words += f"{size.epochs:g} epochs each; "
    if smallest == float("inf"):
        words += f"fewer than {sizing.ENOUGH} seeds cannot show a difference"
    else:
        shown = f"{100 * smallest:.1f} %" if relative else f"{smallest:.3f}"
        words += f"differences in {plan.judge} from about {shown} on can be shown"
    member_steps = networks * steps // len(plan.arms)
    return Forecast(networks, member_steps, size.evaluation_seeds, smallest, deviation, relative, words)
