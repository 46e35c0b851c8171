"""One member's loss and gradient, written once; the engine adds the member axis.

The flat order of a gradient program's tensors is: parameters (one view [members, *shape] each), buffers,
masks (where the family is masked), x [rows, *features], y [rows, ...], rows [members, batch], weight
[members, batch], key [members], then one [members] for each of ``family.hyper``. It returns the gradient
[members, parameters], the loss [members] and the next buffers.
"""

import functools
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap

from shoal import catalogue
from shoal.errors import UserError
from shoal.networks.forward import Forward, forward
from shoal.population.package import Example, Program
from shoal.population.recipe import Recipe
from shoal.population.template import Family, Template, build
from shoal.tasks import own_network
from shoal.tasks.own_loss import OwnLoss
from shoal.techniques.numerics.counter_noise import fold

Techniques = Sequence[tuple[str, Any, Any]]  # name, technique, this member's Hyper

_WEIGHTS, _INPUTS = 0x77656967, 0x696E7075  # what tells their noise from that of activations


def row_losses(
    output: Tensor, target: Tensor, kind: str, aims: Techniques = (), own: OwnLoss | None = None
) -> Tensor:
    """The loss of each row, [rows]: cross-entropy, the mean squared error over outputs, or the task's own.

    Of next tokens it is the mean cross-entropy over the places that count, whose target is not negative.

    target holds classes [rows] or, where rows were mixed, their probabilities [rows, classes]. ``aims``
    change the probabilities that the cross-entropy is taken with.
    """
    if own is not None:
        return own.rows(output, target)
    if kind == "language":
        counts = target >= 0
        each = row_losses(output.flatten(0, 1), target.flatten(), "classification", aims).view(target.shape)
        return (each * counts).sum(1) / counts.sum(1)
    if kind == "classification":
        score = torch.log_softmax(output, -1)
        mixed = target.is_floating_point()
        chosen = target if mixed else is_class(target, score.shape[-1])
        for _, technique, hyper in aims:
            chosen = technique.apply(chosen.to(score.dtype), hyper)
        return -(score * chosen).sum(-1)
    return ((output - target) ** 2).mean(-1)


def is_class(target: Tensor, classes: int) -> Tensor:
    """Whether each row's class, of ``target`` [rows], is each of the classes, [rows, classes]."""
    return target[:, None] == torch.arange(classes, device=target.device)


def effective(
    parameters: Sequence[Tensor],
    masks: Sequence[Tensor],
    changes: Techniques = (),
    roles: Mapping[str, str] | None = None,
    key: Tensor | None = None,
) -> Sequence[Tensor]:
    """The weights that the forward pass sees: parameters times masks, where there are masks.

    ``changes`` come first; they need the parameters' roles by name, and the noise key. Sparse training and
    fake quantization belong in this place too.
    """
    for _, technique, hyper in changes:
        assert roles is not None and key is not None
        parameters = [
            technique.apply(one, role, fold(fold(key, _WEIGHTS), zlib.crc32(name.encode())), hyper)
            for one, (name, role) in zip(parameters, roles.items(), strict=True)
        ]
    return [one * mask for one, mask in zip(parameters, masks, strict=True)] if masks else parameters


def _acting(family: Family, values: Mapping[str, Tensor], place: str) -> Techniques:
    """A family's regularizers or augmentations at one place, with this member's numbers."""
    found = catalogue.switched_on(family.hyper, place)
    return [
        (name, one, one.Hyper(*(values[f"{name}.{field}"] for field in one.Hyper._fields)))
        for name, one in found.items()
    ]


def augmented(
    x: Tensor, y: Tensor, family: Family, values: Mapping[str, Tensor], key: Tensor, outputs: int
) -> tuple[Tensor, Tensor]:
    """A batch as the family's augmentations make it: those of inputs first, then those that mix rows.

    Each kind of them comes in the order of names. Where rows are mixed, classes [rows] become probabilities
    [rows, outputs]. A row that only fills a batch up is a copy of another, so it may be mixed into others.
    """

    def own(name: str) -> Tensor:
        return fold(fold(key, _INPUTS), zlib.crc32(name.encode()))

    for name, technique, hyper in _acting(family, values, "inputs"):
        x = technique.apply(x, own(name), hyper)
    mixing = _acting(family, values, "pairs")
    if mixing and family.kind == "classification":
        y = is_class(y, outputs).to(x.dtype)
    for name, technique, hyper in mixing:
        x, y = technique.apply(x, y, own(name), hyper)
    return x, y


def member_loss(template: Template, parameters, buffers, masks, x, y, weight, key, hyper):
    """One member's loss on a batch: the mean over rows that count, plus penalties. Also the next buffers."""
    family = template.family
    state = {name: value.clone() for name, value in zip(template.buffers, buffers, strict=True)}
    values = dict(zip(family.hyper, hyper, strict=True))
    changes = _acting(family, values, "weights")
    seen = effective(parameters, masks, changes, template.roles, key)
    # programs of any sizes serve any number of classes, as many as the head of a perceptron has biases
    outputs = template.outputs if template.static else parameters[-1].shape[-1]
    x, y = augmented(x, y, family, values, key, outputs)
    template.module.train()  # for a user's module that asks self.training
    with forward(Forward(True, weight, key if family.noisy else None, values)):
        named = dict(zip(template.shapes, seen, strict=True))
        output = functional_call(template.module, {**named, **state}, (x,))
    aims = _acting(family, values, "target")
    losses = row_losses(output, y, family.kind, aims, template.loss)
    for _, technique, numbers in _acting(family, values, "output"):
        losses = losses + _row_penalties(output, technique, numbers)
    loss = (losses * weight).sum() / weight.sum()
    own = effective(parameters, masks)  # noise in the weights is not penalized
    for _, technique, numbers in _acting(family, values, "loss"):
        for one, name in zip(own, template.shapes, strict=True):
            loss = loss + technique.penalty(one, template.roles[name], numbers)
    return loss, tuple(state.values())


def _row_penalties(output: Tensor, technique: Any, numbers: Any) -> Tensor:
    """What a regularizer adds to each row's loss, [rows]; of a row of many places the mean over these."""
    if output.ndim == 2:
        return technique.penalty(output, numbers)
    return technique.penalty(output.flatten(0, 1), numbers).view(output.shape[:2]).mean(1)


def gradient_function(template: Template, stacked: bool = True) -> Callable[..., list[Tensor]]:
    """The gradient of a whole stack, as a function of flat tensors.

    Not stacked: the same function for one member without vmap, for what vmap cannot do (members = 1).
    """
    parameters, buffers = len(template.shapes), len(template.buffers)
    masks = parameters if template.family.masked else 0

    def one(member, x, y):
        weights, state, mask, rows, weight, key, hyper = member
        loss = functools.partial(member_loss, template)
        arguments = (weights, state, mask, x[rows], y[rows], weight, key, hyper)
        gradient, (value, state) = grad_and_value(loss, has_aux=True)(*arguments)
        return torch.cat([piece.reshape(-1) for piece in gradient]), value, state

    def run(*flat: Tensor) -> list[Tensor]:
        cuts = [parameters, parameters + buffers, parameters + buffers + masks]
        x, y, rows, weight, key = flat[cuts[2] : cuts[2] + 5]
        pieces = (flat[: cuts[0]], flat[cuts[0] : cuts[1]], flat[cuts[1] : cuts[2]])
        member = (*pieces, rows, weight, key, flat[cuts[2] + 5 :])
        if stacked:
            gradient, loss, state = vmap(one, in_dims=(0, None, None))(member, x, y)
        else:
            alone = torch.utils._pytree.tree_map(lambda value: value[0], member)
            made = one(alone, x, y)
            gradient, loss, state = torch.utils._pytree.tree_map(lambda value: value[None], made)
        return [gradient, loss, *state]

    return run


_LONG = 300_000
"""Inputs of a batch times channels, from which on convolutions take most of a step."""
_MEMBERS, _BATCH, _ROWS = 3, 5, 11  # example sizes, all different: a program must not take them for equal


def gradient_program(
    template: Template, batch: int, dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> Program:
    """The traced gradient program of a template.

    Built-in multilayer perceptrons are traced for every width, input and batch size at once, others for
    their own sizes and this batch size; members and data rows always vary. A network that is not
    stackable gets a program for one member, see ``member_by_member``.
    """

    def make() -> Example:
        stacked = stackable(template)
        made = template if template.static else _small(template)
        inputs = _example(made, _MEMBERS if stacked else 1, batch if template.static else _BATCH, dtype)
        inputs = [value.to(device) for value in inputs]
        return Example(gradient_function(made, stacked), inputs, _dynamic(made, inputs, stacked))

    sizes = (tuple(template.shapes.items()), template.features, batch) if template.static else ()
    label = repr((template.family, sizes, template.outputs > 1, dtype, device))
    name = f"gradient-{template.family.network}{template.family.depth}"
    kept = label if template.loss is None and template.family.network != "own" else None
    return Program(name, make, kept, stays_traced=_convolves_long(template, batch))


def _convolves_long(template: Template, batch: int) -> bool:
    """Whether a step is spent in convolutions: a package saves what lies between them, some tenths of a
    millisecond."""
    if not any(isinstance(layer, nn.modules.conv._ConvNd) for layer in template.module.modules()):
        return False
    widest = max((shape[0] for shape in template.shapes.values() if len(shape) > 2), default=1)
    return batch * torch.Size(template.features).numel() * widest > _LONG


def stackable(template: Template) -> bool:
    """Whether one traced program can carry several members; see ``why_alone``."""
    return why_alone(template) is None


@functools.cache
def why_alone(template: Template) -> str | None:
    """Why a network runs member by member, in words, or None if one traced program can carry several.

    A trace of convolutions takes the number of members for a constant (and a CPU is slow at the grouped
    convolutions that they become); so do LSTM and others. The user's modules and losses are tried.
    Raises UserError for one that draws random numbers from torch's generator, or fails for one member too.
    """
    layers = [type(child).__name__ for child in template.module.modules()]
    convolutions = [name for name in layers if name.startswith("Conv")]
    if convolutions:
        return f"{convolutions[0]} is faster so on a CPU"
    if template.family.network != "own" and template.loss is None:
        return None
    inputs = _example(template, _MEMBERS, 2, torch.float32)
    example = Example(gradient_function(template), inputs, _dynamic(template, inputs, True))
    try:
        Program("trial", lambda: example, None)(_example(template, _MEMBERS - 1, 2, torch.float32))
    except Exception as error:
        if "randomness" in str(error):
            raise UserError(
                "the network draws random numbers that would be shared by all members: "
                "use nn.Dropout instead of torch's functions"
            ) from error
        alone = gradient_function(template, stacked=False)
        own_network.call("the network, in training,", alone, *_example(template, 1, 2, torch.float32))
        return f"torch cannot trace it for any number of members ({str(error).strip().splitlines()[0]})"
    return None


def member_by_member(program: Program, template: Template) -> Callable[[Sequence[Tensor]], Sequence[Tensor]]:
    """A program for one member as one for any number of them: called for each in turn."""
    data = _data_at(template)

    def run(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        if len(inputs[0]) == 1:
            return program(inputs)
        made = [
            program([value if place in data else value[row : row + 1] for place, value in enumerate(inputs)])
            for row in range(len(inputs[0]))
        ]
        return [torch.cat(pieces) for pieces in zip(*made, strict=True)]

    return run


def _data_at(made: Template) -> range:
    """The places of x and y, which all members share, among a program's inputs."""
    own = len(made.shapes) * (2 if made.family.masked else 1) + len(made.buffers)
    return range(own, own + 2)


def _example(made: Template, members: int, batch: int, dtype: torch.dtype) -> list[Tensor]:
    # views of one flat buffer, as in a stack: a package knows the strides it was made with
    weights = made.views(torch.zeros(members, made.parameters, dtype=dtype))
    masks = made.views(torch.ones(members, made.parameters, dtype=dtype)) if made.family.masked else ()
    buffers = [value.expand(members, *value.shape).clone() for value in made.buffers.values()]
    buffers = [value.to(dtype) if value.is_floating_point() else value for value in buffers]
    x = torch.zeros(_ROWS, *made.features, dtype=dtype)
    y = torch.zeros(_ROWS, dtype=torch.int64)
    if made.loss is not None:
        y = torch.zeros(_ROWS, *made.loss.target, dtype=torch.int64 if made.loss.classes else dtype)
    elif made.family.kind == "regression":
        y = torch.zeros(_ROWS, made.outputs, dtype=dtype)
    elif made.family.kind == "language":
        y = torch.zeros(_ROWS, *made.features, dtype=torch.int64)
    rows, key = torch.zeros(members, batch, dtype=torch.int64), torch.zeros(members, dtype=torch.int64)
    weight = torch.ones(members, batch, dtype=dtype)
    hyper = [torch.zeros(members, dtype=dtype) for _ in made.family.hyper]
    return [*weights, *buffers, *masks, x, y, rows, weight, key, *hyper]


def _dynamic(made: Template, example: list[Tensor], stacked: bool) -> list[set[int]]:
    if not made.static:
        return [set(range(value.ndim)) for value in example]
    members = {0} if stacked else set()
    return [{0} if number in _data_at(made) else members for number in range(len(example))]


def _small(made: Template) -> Template:
    """A perceptron of the same family with small sizes that are all different, to trace for every size."""
    family = made.family
    names = (family.depth, family.residual, family.activation, family.normalization)
    branches = family.branches or Recipe.initializer
    recipe = Recipe("mlp", 7, *names, branches, hyper=dict.fromkeys(family.hyper, 0.0))
    outputs = 10 if made.outputs > 1 else 1
    with torch.device("meta"):
        module = build(recipe, (6,), outputs)
    shapes = {name: value.shape for name, value in module.named_parameters()}
    buffers = {name: torch.zeros(value.shape) for name, value in module.named_buffers()}
    return Template(family, module, shapes, made.roles, buffers, (6,), outputs)
