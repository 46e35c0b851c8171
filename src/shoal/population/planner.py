"""Who trains with whom: jobs into stacks, stacks into shards, and how a shard is run.

A shard is the unit of work of one worker: members of equal tensor shapes, few enough that their state
stays in a core's cache. Its composition is a pure function of the phase's whole job list and of the
choices, so a resumed phase repeats it.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from shoal import catalogue, composition
from shoal.population import links
from shoal.population.batches import batch_size, train_rows, training_steps
from shoal.population.gradient import stackable
from shoal.population.recipe import Job, Recipe
from shoal.population.template import Template, template
from shoal.tasks.task import Task

_CACHE_BYTES = 3_500_000  # of parameters, gradient and optimizer state that a compiled shard works on
_BATCH_NUMBERS = 30_000_000  # of inputs and activations of one step, forward and back
_MOST = 64
_PADDED_TO = (16, 32)  # widths up to each of these share a stack: calls cost more than the padding
_COMPILE_PAYS = 20.0  # seconds of training by traced graphs from which on compiling is worth its wait


class Shard(NamedTuple):
    """name: stable within its phase. jobs: its members. first: its earliest job's place in the phase."""

    name: str
    jobs: tuple[Job, ...]
    first: int


def stack_key(task: Task, recipe: Recipe) -> tuple[Any, ...]:
    """What members of one stack have in common."""
    made = template(task, recipe)
    if _may_be_padded(made, recipe):
        wide = next(width for width in _PADDED_TO if recipe.width <= width)
        made = template(task, replace(recipe, width=wide))
    batch, data = batch_size(recipe, train_rows(task, recipe)), (recipe.train_size, recipe.label_noise)
    twice = any(composition.evaluations(stage.rule) > 1 for stage in composition.stages(recipe.optimizer))
    return id(made), batch, data, recipe.controller, links.names(recipe), twice


def _may_be_padded(made: Template, recipe: Recipe) -> bool:
    """Whether narrow perceptrons may share a stack: with neither noise, which is drawn by position, nor
    channels that see each other, and by rules that see one number of their network at a time."""
    small = recipe.network == "mlp" and recipe.width <= _PADDED_TO[-1]
    cards = [catalogue.find(use.kind, use.technique).CARD for use in composition.uses(recipe.optimizer)]
    alone = all(card.scope == "element" for card in cards)
    noisy = made.family.noisy or links.by_position(recipe)
    return small and alone and not noisy and made.paddable


def members_at_once(task: Task, recipe: Recipe, compiled: bool) -> int:
    """How many members a shard has at most.

    What is not stackable runs one member at a time. Compiled perceptrons fill the cache; traced graphs
    want more members, because each operation costs some microseconds whatever its size. A batch's
    activations are bounded too, so memory does not grow with the population.
    """
    made = template(task, recipe)
    if not stackable(made):
        return 1
    batch = batch_size(recipe, train_rows(task, recipe))
    fit = _CACHE_BYTES // (16 * made.parameters)
    if not compiled:
        fit = max(fit, min(_MOST, 20_000_000 // (made.parameters * batch) + 1))
    units = sum(shape[0] for shape in made.shapes.values() if len(shape) > 1)
    numbers = batch * (math.prod(made.features) + 4 * units)
    return max(1, min(_MOST, fit, _BATCH_NUMBERS // numbers))


def shards(task: Task, phase: str, jobs: Sequence[Job], compiled: bool, workers: int) -> list[Shard]:
    """The phase's shards in the order they are to be trained: that of the jobs.

    Within a stack neighbors in the list are trained together, those of one optimizer preferably.
    """
    groups: dict[tuple, list[tuple[int, Job]]] = {}
    for place, job in enumerate(jobs):
        groups.setdefault(stack_key(task, job.recipe), []).append((place, job))
    most = {key: _most(task, members, compiled) for key, members in groups.items()}
    pieces = {key: -(-len(members) // most[key]) for key, members in groups.items()}
    if sum(pieces.values()) < 2 * workers:  # as many for each worker, that none waits for another
        pieces = {key: min(len(groups[key]), -(-count // workers) * workers) for key, count in pieces.items()}
    found: list[list[tuple[int, Job]]] = []
    for key, members in groups.items():
        rules, size = len({job.recipe.optimizer for _, job in members}), -(-len(members) // pieces[key])
        for window in _even(members, -(-pieces[key] // rules)):
            by_rule = sorted(window, key=lambda one: (one[1].recipe.optimizer, one[0]))
            found += _even(by_rule, -(-len(window) // size))
    found.sort(key=lambda part: min(place for place, _ in part))
    return [
        Shard(f"{phase}-{number:05d}", tuple(job for _, job in part), min(place for place, _ in part))
        for number, part in enumerate(found)
    ]


def _most(task: Task, members: list[tuple[int, Job]], compiled: bool) -> int:
    widest = max((job for _, job in members), key=lambda job: job.recipe.width)
    return members_at_once(task, widest.recipe, compiled)


def _even(part: list[tuple[int, Job]], pieces: int) -> list[list[tuple[int, Job]]]:
    """Pieces of nearly equal length, none empty."""
    pieces = min(pieces, len(part))
    cuts = [number * len(part) // pieces for number in range(pieces + 1)]
    return [part[a:b] for a, b in itertools.pairwise(cuts)]


def seconds_traced(task: Task, jobs: Sequence[Job]) -> float:
    """A rough, clockless guess of one core's seconds for ``jobs`` by traced graphs: arithmetic and calls."""
    seconds = 0.0
    for job in jobs:
        made = template(task, job.recipe)
        together = members_at_once(task, job.recipe, compiled=False)
        flops = 6 * made.parameters * batch_size(job.recipe, train_rows(task, job.recipe))
        seconds += training_steps(task, job.recipe) * (flops / 4e10 + 6e-4 / together)
    return seconds


def compiling_pays(task: Task, jobs: Sequence[Job], workers: int) -> bool:
    """Whether a run without a clock waits for packages: decided by the work alone, never by the cache."""
    return seconds_traced(task, jobs) / workers > _COMPILE_PAYS
