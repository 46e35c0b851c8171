"""Weights of the user's own that every member starts from, in place of what an initializer draws.

They come from a .safetensors file, or from the artifact of a network that shoal trained; nothing is
unpickled.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from shoal.artifact.load import locate
from shoal.artifact.load import read as read_artifact
from shoal.errors import UserError
from shoal.population.recipe import Recipe
from shoal.population.template import Template, initial, template
from shoal.tasks.preparation import fingerprint
from shoal.tasks.task import Start, Task

MOST_BYTES = 4 * 2**30
"""Of one file."""
_TOLD = 3  # names of each kind in a sentence
_PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl")
_STATISTICS = {"running_mean": "state_mean", "running_var": "state_var"}
_COUNT = "num_batches_tracked"  # what torch's batch normalization keeps and shoal's does not


def started(task: Task, path: Path | str) -> Task:
    """The task with all members starting from the weights in ``path``, a .safetensors file, a results folder
    or an artifact. Its fingerprint is of both. Raises UserError for a path that holds none."""
    tensors = read(Path(path).expanduser())
    parts = [task.fingerprint, *(part for pair in sorted(tensors.items()) for part in pair)]
    return replace(task, start=Start(str(path), tensors), fingerprint=fingerprint(parts))


def read(path: Path) -> dict[str, Tensor]:
    """float32 tensors by name. Raises UserError for what is no such file, too large, damaged or infinite."""
    tensors = read_artifact(locate(path))[1] if path.is_dir() else _file(path)
    found = {name: one.to(torch.float32) for name, one in tensors.items() if not name.endswith(_COUNT)}
    if not found:
        raise UserError(f"weights {path} hold no tensors; name a file that was saved from a network")
    for name, value in found.items():
        if not value.isfinite().all():
            raise UserError(f"weights {path}: {name!r} holds NaN or infinity in single precision")
    return found


def _file(path: Path) -> dict[str, Tensor]:
    if path.suffix in _PICKLES:
        to = path.with_suffix(".safetensors").name
        raise UserError(
            f"weights {path} are a pickle, which can run code when it is read; convert a state dict with "
            "`from safetensors.torch import save_file` and "
            f"`save_file(torch.load({path.name!r}, weights_only=True), {to!r})`, and name {to}"
        )
    if not path.is_file():
        raise UserError(f"there are no weights {path}; name a .safetensors file, or a results folder")
    if path.stat().st_size > MOST_BYTES:
        raise UserError(f"weights {path} have {path.stat().st_size:,} bytes, more than {MOST_BYTES:,}")
    try:
        return safetensors.torch.load_file(path)
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise UserError(f"weights {path} are no .safetensors file ({' '.join(str(error).split())})") from None


def first(task: Task, recipe: Recipe, seed: int) -> tuple[Tensor, dict[str, Tensor]]:
    """A member's first parameters, flat float32 [parameters], and its buffers: those of ``initial``, with the
    task's starting weights in their place. Raises UserError where these do not fit the network."""
    flat, buffers = initial(task, recipe, seed)
    if task.start is None:
        return flat, buffers
    made = template(task, recipe)
    given, _ = fitted(made, task.start)
    pieces = dict(zip(made.shapes, torch.split(flat, made.sizes), strict=True))
    flat = torch.cat([given.get(name, piece).reshape(-1) for name, piece in pieces.items()])
    return flat, {name: given[name].to(one.dtype) if name in given else one for name, one in buffers.items()}


def checked(task: Task, recipes: Iterable[Recipe]) -> Task:
    """The task with a note of what is loaded into the networks of ``recipes``. Raises UserError where its
    starting weights do not fit one of them."""
    if task.start is None:
        return task
    notes: dict[str, None] = {}
    for recipe in recipes:
        made = template(task, recipe)
        given, anew = fitted(made, task.start)
        drawn = f"; drawn anew, for another number of outputs: {', '.join(anew)}" if anew else ""
        notes[f"members start from {task.start.source}: {len(given)} tensors are loaded{drawn}"] = None
    return replace(task, notes=(*task.notes, *notes))


def fitted(made: Template, start: Start) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors that a network starts from by its own names, and the names of a head that is drawn anew, as
    it has another number of outputs than the one that is stored.

    Running means and variances of torch's batch normalization are those of shoal's. Raises UserError, naming
    at most three of each, where tensors are missing, unexpected or of another shape.
    """
    shapes = {**made.shapes, **{name: value.shape for name, value in made.buffers.items()}}
    given = _renamed(start.tensors, shapes)
    unlike = [name for name, shape in shapes.items() if name in given and given[name].shape != shape]
    anew = [name for name in unlike if name in _head(made) and given[name].shape[1:] == shapes[name][1:]]
    missing = [name for name in shapes if name not in given]
    unexpected = [name for name in given if name not in shapes]
    wrong = [
        _told("missing", [f"{name!r}{_nearest(name, unexpected)}" for name in missing]),
        _told("unexpected", [repr(name) for name in unexpected]),
        _told(
            "of another shape",
            [
                f"{name!r} {list(given[name].shape)} (here {list(shapes[name])})"
                for name in unlike
                if name not in anew
            ],
        ),
    ]
    if any(wrong):
        family = made.family
        network = "your network" if family.network == "own" else f"network {family.network}"
        raise UserError(
            f"weights {start.source} do not fit {network}: {'; '.join(part for part in wrong if part)}; give "
            "weights of this network, or the recipe (width, depth, ...) that they belong to"
        )
    return {name: given[name] for name in shapes if name not in anew}, anew


def _renamed(tensors: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
    """``tensors`` by the network's names: of running statistics, and inside a network of several inputs."""
    prefix = "network."
    inside = all(name.startswith(prefix) for name in shapes) and not any(
        name.startswith(prefix) for name in tensors
    )
    found = {}
    for name, value in tensors.items():
        home, _, leaf = name.rpartition(".")
        new = f"{home}.{_STATISTICS[leaf]}" if leaf in _STATISTICS else name
        new = f"{prefix}{new}" if inside else new
        found[new if new in shapes else name] = value
    return found


def _head(made: Template) -> list[str]:
    """The names of the last matrix and its bias."""
    homes = [name.rpartition(".")[0] for name, role in made.roles.items() if role == "head"]
    return [f"{home}.{leaf}" for home in homes for leaf in ("weight", "bias")]


def _nearest(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f" (there is {near[0]!r})" if near else ""


def _told(what: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return f"{what}: {', '.join(names[:_TOLD])}{more}" if names else ""
