"""What to change in one's own code: the lines of plain torch that turn one recipe into another.

The lines of a technique stand on its card (``Card.torch``); here they get the recipe's numbers and are told
where they belong. Pure functions of the recipes.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from shoal import catalogue
from shoal.composition import prefix
from shoal.experiments import fields, hyperparameters, optimizer_code
from shoal.experiments.hyperparameters import card
from shoal.experiments.optimizer_code import Acting
from shoal.networks.layers import acts_on_weights, leaves_bias, maps
from shoal.population.recipe import Recipe

_LAYER = (
    "for layer in model.modules():\n    if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d):\n        "
)
_ZERO = "\n        if layer.bias is not None:\n            torch.nn.init.zeros_(layer.bias)"
_WHERE = {
    "gradient link": "between loss.backward() and optimizer.step()",
    "schedule": "scheduler.step() after each batch",
    "controller": "",
    "initializer": "before training",
    "activation": "after each hidden layer",
    "normalization": "after each hidden layer's linear map, before its activation",
    "weight normalization": "before the optimizer is made",
    "inputs augmentation": "x = {name}(x) before model(x), in training only",
    "pairs augmentation": "x, y = {name}(x, y) before model(x), in training only; of classes y is one-hot",
    "activation regularizer": "after each hidden layer's activation",
    "branch regularizer": "x + drop(branch, share) for each residual branch, share: 1/branches, ... 1",
    "output regularizer": "loss = loss + penalty(output), in training only",
    "target regularizer": "the loss in training",
    "loss regularizer": "before loss.backward()",
    "weights regularizer": "in the forward pass, in training only",
    "gradient regularizer": "between loss.backward() and optimizer.step()",
    "change regularizer": "after optimizer.step()",
    "average regularizer": "evaluate and keep averaged.module in place of model",
}
"""By kind, and where it has several places by place: when a technique's lines run."""
_CHANNELS_FIRST = ("convnet", "resnet", "text_convnet")  # whose layers see [rows, channels, height, width]
_FIELD = {"link": "optimizer"}
"""The recipe's field that names a kind's techniques, where it is not the kind's own."""
_NAMED = {
    "activation": "activation = ",
    "normalization": "normalization = ",
    "activation regularizer": "dropout = ",
    "branch regularizer": "drop = ",
    "output regularizer": "penalty = ",
    "target regularizer": "criterion = ",
}
"""What lines that are an expression are given to."""


def code_change(before: Recipe, after: Recipe, steps: int) -> list[str]:
    """The lines of torch, and comments where torch has no such thing, that make ``after`` of ``before``.

    steps: of the whole training, for schedules. Empty where nothing differs. Techniques that ``before`` has
    and ``after`` has not are told as comments.
    """
    lines = list(_fields(before, after))
    old, new = _used(before), _used(after)
    drives = _rules(old) != _rules(new)  # a schedule is made for one optimizer
    moving = {key for key in new if new[key].acting}
    composed = optimizer_code.is_composed(after.optimizer)
    if composed and (after.optimizer != before.optimizer or any(old.get(key) != new[key] for key in moving)):
        numbers = {name: _number(value) for name, value in after.hyper.items()}
        lines += optimizer_code.composed(after.optimizer, numbers)
    for key, use in new.items():
        if composed and key in moving:
            continue
        again = drives and key.kind in ("schedule", "controller") and use.technique != "constant"
        if old.get(key) != use or again:
            lines += _lines(key.kind, use, after, steps)
    kept = {key.kind for key in new}
    for key, use in old.items():
        if key not in new and (key.kind in (*catalogue.SWITCHED, "link") or key.kind not in kept):
            lines.append(f"# without {key.kind} {prefix(use.technique)}")
    text = "\n".join(lines)
    first = optimizer_code.ROLES if "role[name]" in text else []
    return [*(f"import {one}" for one in ("math", "shoal") if f"{one}." in text), *first, *lines]


class _Key(NamedTuple):
    """name: of what there may be several: a rule, a link, what is switched on."""

    kind: str
    name: str


class _Use(NamedTuple):
    """hyper: all numbers of the technique. acting: of a rule or link, when and on which parameters."""

    technique: str
    hyper: Mapping[str, float]
    acting: tuple[Acting, ...]


def _used(recipe: Recipe) -> dict[_Key, _Use]:
    """What a recipe uses, in the order of its fields; not what the user's own module does for itself."""
    found = {}
    order = [*hyperparameters.kinds(), *catalogue.SWITCHED]
    at_work = list(optimizer_code.acting(recipe.optimizer))
    others = [use for use in hyperparameters.used(recipe) if use.kind not in ("optimizer", "link")]
    moving = dict.fromkeys(one.use for one in at_work)
    for use in sorted((*moving, *others), key=lambda one: order.index(_FIELD.get(one.kind, one.kind))):
        kind, technique, label = use
        if recipe.network == "own" and kind in ("activation", "normalization"):
            continue
        hyper = {one.name: one.default for one in hyperparameters.of(use)} | recipe.hyper_of(label)
        name = label if kind in ("optimizer", "link", *catalogue.SWITCHED) else ""
        found[_Key(kind, name)] = _Use(technique, hyper, tuple(one for one in at_work if one.use == use))
    return found


def _rules(used: Mapping[_Key, _Use]) -> list[_Use]:
    return [use for key, use in used.items() if key.kind == "optimizer"]


def _lines(kind: str, use: _Use, recipe: Recipe, steps: int) -> list[str]:
    if use.acting:
        return [line for one in use.acting for line in _moving(one, use.hyper, recipe, steps)]
    module, (technique, hyper, _) = catalogue.find(kind, use.technique), use
    place = f"{module.PLACE} {kind}" if kind in catalogue.SWITCHED or acts_on_weights(module) else kind
    where, text = _WHERE[place].format(name=technique), card(kind, technique).torch
    if not text:
        return [_comment(kind, technique, hyper)]
    text = _NAMED.get(place, "") + _filled(text, hyper, recipe, steps)
    if kind == "normalization" and not leaves_bias(module):
        where += "; those linear maps have bias=False"
    if kind == "activation" and maps(module) > 1:
        where += f", whose linear map has {maps(module)} times the outputs"
    if kind == "initializer":
        drawn = hasattr(module, "draw_bias")
        text = _LAYER + text + ("" if drawn else _ZERO)
    if kind in ("schedule", "controller") and len(_optimizers(recipe)) > 1:
        where = "; ".join([*([where] if where else []), f"one for each of {', '.join(_optimizers(recipe))}"])
    return [*([f"# {where}"] if where else []), *text.split("\n")]


def _moving(acting: Acting, hyper: Mapping[str, float], recipe: Recipe, steps: int) -> list[str]:
    """The lines of a rule or link."""
    kind, technique, _ = acting.use
    module, text = catalogue.find(kind, technique), card(kind, technique).torch
    where = "" if kind == "optimizer" or not text else _WHERE[f"{module.PLACE} {kind}"]
    if not text and technique in catalogue.names("optimizer"):
        text = optimizer_code.drop_in(module.CARD.title, hyper)
        where = f"{acting.name}.eval() before evaluating, .train() after" if hasattr(module, "read") else ""
    if not text:
        return [_comment(kind, technique, hyper)]
    where = "; ".join(part for part in (acting.when, where) if part)
    text = _filled(text, hyper, recipe, steps)
    return [
        *([f"# {where}"] if where else []),
        *optimizer_code.placed(text, acting.on, acting.name).split("\n"),
    ]


def _comment(kind: str, technique: str, hyper: Mapping[str, float]) -> str:
    """What is said where there are no lines."""
    numbers = ", ".join(f"{name} {_number(value)}" for name, value in hyper.items())
    said = f"{prefix(technique)}{f' ({numbers})' if numbers else ''}: {card(kind, technique).summary}"
    return f"# {said}; torch has no such thing, see {_file(catalogue.find(kind, technique))}"


def _optimizers(recipe: Recipe) -> list[str]:
    """What the optimizers of the recipe's lines are called."""
    if optimizer_code.is_composed(recipe.optimizer):
        return ["optimizer"]
    return list(dict.fromkeys(one.name for one in optimizer_code.acting(recipe.optimizer)))


def _filled(template: str, hyper: Mapping[str, float], recipe: Recipe, steps: int) -> str:
    """A card's lines with numbers in place of {names}. Where channels come before places, they are
    those of each stage."""
    rates = hyperparameters.rates(recipe)
    lr = recipe.hyper.get(rates[-1].key, rates[-1].default) if rates else 1.0
    numbers = {name: _number(value) for name, value in {"lr": lr, **hyper}.items()}
    channels = str(recipe.width)
    if recipe.network in _CHANNELS_FIRST:
        template, channels = template.replace("Norm1d(", "Norm2d("), "channels"
        template = template.replace("chunk(2, -1)", "chunk(2, 1)")
    text = template.format(**numbers, steps=steps, channels=channels)
    return re.sub(r"(?<![\w.])0 \* [\d.e-]+", "0", text)


def _fields(before: Recipe, after: Recipe) -> Iterator[str]:
    """A line for each plain field that differs."""
    for name in (one.name for one in dataclasses.fields(Recipe)):
        old, new = getattr(before, name), getattr(after, name)
        if old == new or name in (*hyperparameters.kinds(), "hyper") or not fields.has(after, name):
            continue
        if name == "batch_size":
            rows = "len(train_set)" if new == "all" else new
            yield f"loader = torch.utils.data.DataLoader(train_set, batch_size={rows}, shuffle=True)"
        elif name == "device":
            yield f'model = model.to("{new}")  # and every batch'
        else:
            yield f"# {name.replace('_', ' ')}: {_plain(new)}, not {_plain(old)}"


def _plain(value: object) -> str:
    return "all" if value is None else str(value)


def _number(value: float) -> str:
    """Four digits; no decimal point for whole numbers, as torch wants counts."""
    return f"{int(value)}" if value == int(value) and abs(value) < 1e6 else f"{value:.4g}"


def _file(module: Any) -> str:
    """Where a technique's file is, from the package on."""
    file = Path(module.__file__)
    home = Path(catalogue.__file__).parents[1]
    return str(file.relative_to(home)) if file.is_relative_to(home) else str(file)
