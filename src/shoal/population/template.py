"""A member's network as an engine sees it: named shapes, roles and a module to call with tensors of its own.

The module's own numbers are never used in training; ``functional_call`` puts a member's in their place.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from shoal import catalogue
from shoal.artifact.network import build as build_network
from shoal.artifact.network import scales_branches
from shoal.errors import UserError
from shoal.networks.layers import Activation, Dropout, Normalization, Scale
from shoal.networks.normalized_weights import Lengths
from shoal.networks.roles import roles
from shoal.networks.written_out import Embedding
from shoal.population.calibration import calibrated, first_batch
from shoal.population.first_buffers import first_buffers
from shoal.population.places import check, no_branches
from shoal.population.randomness import derive, generator
from shoal.population.recipe import Recipe
from shoal.tasks.own_loss import OwnLoss
from shoal.tasks.task import Task
from shoal.tasks.unpacked import Unpacked

ALWAYS = "l2.coefficient"
"""In every gradient program, 0 where L2 is off: most rules are trained with it, so all share the program."""

_PLACES = (
    "activation",
    "branch",
    "inputs",
    "pairs",
    "target",
    "output",
    "weights",
    "loss",
)  # of regularizers and augmentations inside the gradient's program


class Family(NamedTuple):
    """What a program depends on beside the sizes of its tensors. Networks of one family share packages."""

    network: str
    depth: int
    residual: bool
    activation: str
    normalization: str
    hyper: tuple[str, ...]
    noisy: bool
    masked: bool
    kind: str
    own: int
    loss: int = 0
    branches: str = ""


@dataclass(frozen=True, eq=False)
class Template:
    """module: called functionally. shapes, roles: by parameter name, in order. buffers: by name, initial."""

    family: Family
    module: nn.Module
    shapes: Mapping[str, torch.Size]
    roles: Mapping[str, str]
    buffers: Mapping[str, Tensor]
    features: tuple[int, ...]
    outputs: int
    loss: OwnLoss | None = None

    @functools.cached_property
    def sizes(self) -> list[int]:
        """Numbers of each parameter, in order."""
        return [shape.numel() for shape in self.shapes.values()]

    @property
    def parameters(self) -> int:
        """Numbers of all parameters."""
        return sum(self.sizes)

    @property
    def static(self) -> bool:
        """Whether programs are made for these very sizes: all but perceptrons of one row of numbers."""
        return self.family.network != "mlp" or self.loss is not None or len(self.features) != 1

    @functools.cached_property
    def paddable(self) -> bool:
        """Whether channels of zeros change no other: no normalization sees those of a row together, and no
        activation makes one of two."""
        layers = list(self.module.modules())
        by_row = any(isinstance(layer, Normalization) and layer.by_row for layer in layers)
        return not by_row and not any(isinstance(layer, Activation) and layer.gated for layer in layers)

    def views(self, flat: Tensor) -> tuple[Tensor, ...]:
        """flat [members, parameters] as one view [members, *shape] for each parameter."""
        pieces = torch.split(flat, self.sizes, 1)
        return tuple(
            piece.view(flat.shape[0], *shape)
            for piece, shape in zip(pieces, self.shapes.values(), strict=True)
        )


def build(
    recipe: Recipe,
    features: tuple[int, ...],
    outputs: int,
    factory: Any = None,
    seed: int | None = None,
    vocabulary: int = 0,
) -> nn.Module:
    """The recipe's network as a module of shoal's layers. ``seed`` fixes an own module's first numbers.

    Raises shoal.errors.UserError for an unknown network, activation or normalization.
    """
    if recipe.network != "own":
        return build_network(recipe, features, outputs, vocabulary=vocabulary)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0 if seed is None else derive(seed, "own"))
        return build_network(recipe, features, outputs, factory)


def template(task: Task, recipe: Recipe) -> Template:
    """The template of a recipe's network on a task; equal shapes give equal templates."""
    key = (
        recipe.network,
        recipe.width,
        recipe.depth,
        recipe.residual,
        recipe.activation,
        recipe.normalization,
        recipe.initializer if scales_branches(recipe.initializer) else "",
    )
    return _template(key, _program_hyper(recipe), task)


def padded(made: Template) -> Template:
    """The template for members narrower than it: their weights are masked to their own width."""
    full = ("padded", id(made))
    if full not in _made:
        _made[full] = replace(made, family=made.family._replace(masked=True))
    return _made[full]


def _program_hyper(recipe: Recipe) -> tuple[str, ...]:
    """The hyperparameters that a recipe's gradient program is given: "technique.name", sorted."""
    layers = (recipe.activation, recipe.normalization)
    own = {name for name in recipe.hyper if name.partition(".")[0] in layers}
    acting = catalogue.switched_on((*recipe.hyper, ALWAYS), *_PLACES)
    return tuple(sorted(own | {f"{name}.{of}" for name, one in acting.items() for of in one.Hyper._fields}))


_made: dict[Any, Template] = {}
_factories: dict[int, Any] = {}  # kept, so that no other factory gets the id of one that is gone


def _template(key: tuple, hyper: tuple[str, ...], task: Task) -> Template:
    sizes = (task.features, task.outputs, task.vocabulary)
    full = (*key, hyper, *sizes, task.kind, id(task.network), id(task.loss))
    if full not in _made:
        _factories[id(task.network)] = task.network
        _factories[id(task.loss)] = task.loss
        network, width, depth, residual, activation, normalization, branches = key
        recipe = Recipe(
            network=network, width=width, depth=depth, residual=residual, activation=activation,
            normalization=normalization, initializer=branches or Recipe.initializer,
            hyper=dict.fromkeys(hyper, 0.0),
        )  # fmt: skip
        if branches and (why := no_branches(f"initializer {branches!r} starts", recipe)):
            raise UserError(f"{why}, or choose another initializer")
        check(recipe, task)
        if network == "own":
            module = build(recipe, task.features, task.outputs, task.network)
            _check_inputs(module, hyper, task)
        else:
            with torch.device("meta"):
                module = build(recipe, task.features, task.outputs, vocabulary=task.vocabulary)
        _made[full] = _describe(module, key, hyper, task)
    return _made[full]


def _check_inputs(module: nn.Module, hyper: tuple[str, ...], task: Task) -> None:
    """Raises UserError where an augmentation would change inputs that are whole numbers with a meaning."""
    for name, technique in catalogue.switched_on(hyper, "inputs", "pairs").items():
        if technique.INPUTS == "tokens":
            continue
        whole = [
            type(one).__name__ for one in module.modules() if isinstance(one, Embedding | nn.EmbeddingBag)
        ]
        if isinstance(module, Unpacked):
            whole += [str(one.dtype) for one in module.layout if not one.dtype.is_floating_point]
        if whole:
            raise UserError(
                f"augmentation {name!r} changes inputs that are floating numbers, but the network of task "
                f"{task.name!r} has inputs that are whole numbers ({whole[0]}): leave it out"
            )


def _describe(module: nn.Module, key: tuple, hyper: tuple[str, ...], task: Task) -> Template:
    network, _, depth, residual, activation, normalization, branches = key
    silent = not any(isinstance(child, Dropout) for child in module.modules())
    noisy = not silent or bool(catalogue.switched_on(hyper, "weights"))
    own = id(task.network) if network == "own" else 0
    family = Family(network, depth, residual, activation, normalization, hyper, noisy, False, task.kind, own)
    family = family._replace(loss=id(task.loss) if task.loss is not None else 0, branches=branches)
    buffers = {
        name: torch.zeros_like(value, device="cpu")
        if "mean" in name
        else torch.ones_like(value, device="cpu")
        for name, value in module.named_buffers()
    }
    if network == "own":
        buffers = {name: value.detach().clone() for name, value in module.named_buffers()}
    shapes = {name: value.shape for name, value in module.named_parameters()}
    made = Template(family, module, shapes, roles(module), buffers, task.features, task.outputs)
    return replace(made, loss=task.loss)


def initial(task: Task, recipe: Recipe, seed: int) -> tuple[Tensor, dict[str, Tensor]]:
    """A member's first parameters, flat float32 [parameters], and its buffers.

    Weights come from the recipe's initializer, drawn for (seed, name) so that networks of equal shapes
    share draws; biases from ``draw_bias`` where it has one, else zero; normalization scales are one, lengths
    those of the weights that were drawn, what an activation learns and scales of branches start as they say.
    An initializer that calibrates then sees the member's first batch of training rows. Buffers are the
    network's own, or what it finds in the member's training rows (``first_buffers``).
    Initializer "own" keeps what the user's module draws under the seed.
    """
    made = template(task, recipe)
    if recipe.initializer == "own":
        module = build(recipe, task.features, task.outputs, task.network, seed)
        flat = torch.cat([value.detach().reshape(-1).float() for value in module.parameters()])
        return flat, {name: value.detach().clone() for name, value in module.named_buffers()}
    technique = catalogue.find("initializer", recipe.initializer)
    hyper = catalogue.make_hyper(technique, recipe.hyper_of(recipe.initializer))
    drawn: dict[str, Tensor] = {}
    for name, shape in made.shapes.items():
        home, _, leaf = name.rpartition(".")
        layer = made.module.get_submodule(home)
        if made.roles[name] == "activation":
            drawn[name] = _first_of_activation(made, name, recipe)
        elif leaf == "length" and isinstance(layer, Lengths):
            drawn[name] = layer.first_length(drawn[f"{home}.weight"])
        elif isinstance(layer, Scale):
            drawn[name] = technique.first_scale(hyper)
        else:
            drawn[name] = _draw(technique, made, name, shape, hyper, generator(seed, "draw", name))
    if hasattr(technique, "calibrate"):
        x = first_batch(task, recipe, seed)
        drawn = calibrated(made, recipe, drawn, x, technique, hyper)
    buffers = {**made.buffers, **first_buffers(task, recipe, seed)}
    return torch.cat([value.reshape(-1) for value in drawn.values()]), {
        name: value.clone() for name, value in buffers.items()
    }


def _first_of_activation(made: Template, name: str, recipe: Recipe) -> Tensor:
    if recipe.network == "own":
        return made.module.get_parameter(name).detach().reshape(-1).float()
    technique: Any = catalogue.find("activation", recipe.activation)
    return technique.init(catalogue.make_hyper(technique, recipe.hyper_of(recipe.activation)))


def _draw(technique: Any, made: Template, name: str, shape: torch.Size, hyper: Any, source: torch.Generator):
    role = made.roles[name]
    if role == "norm":
        return torch.ones(shape) if name.endswith("weight") else torch.zeros(shape)
    if role == "bias":
        weight = made.shapes.get(name.removesuffix("bias") + "weight")
        if hasattr(technique, "draw_bias") and weight is not None:
            return technique.draw_bias(tuple(shape), weight[1:].numel(), source, hyper)
        return torch.zeros(shape)
    draw = technique.draw_head if role == "head" and hasattr(technique, "draw_head") else technique.draw
    return draw(tuple(shape), source, hyper)
