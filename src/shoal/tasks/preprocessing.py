"""What happens to rows before a network sees them, and to its outputs after: for new rows, and for files.

    done = preprocessing(task, seed)         # fitted on the training rows of that seed
    x, notes = done(rows)                    # new rows without target: [rows, features] float32, sentences
    plain = done.describe()                  # plain data: plain["arrays"] holds numpy arrays by name,
    again = from_description(plain)          # everything else is what JSON can hold. No pickle.
    again.targets(outputs)                   # outputs in the target's unit, or class probabilities' order:
    again.classes                            # names of the classes in the order of the outputs

``rows`` are, for a task from a table, a path (.csv, .tsv, each also .gz, or .parquet) or a polars or pandas
frame that has the columns learned from, in any order; others are ignored. For a task from arrays: an array
or tensor [rows, *features], or the path of an .npz file with an array ``x``. For a task of texts: a table,
a folder of text files, or a list of texts (see ``text_rows``). For a task of images: an image, a folder of
images, an .npz or an 8-bit array (see ``image_rows``). For a task of next characters: the path of a text, of
which one row is made, that predicts what follows it.
What new rows hold that training did not know (new categories, missing cells, text among numbers) is treated
as missing or as no category and told in the notes, a sentence each.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from shoal.errors import UserError
from shoal.tasks.characters import Characters, to_continue
from shoal.tasks.encoders import AsTheyAre, Encoder, Standardizer, TableEncoder
from shoal.tasks.image_encoder import ImageEncoder
from shoal.tasks.metrics import Kind
from shoal.tasks.new_images import file_names, image_rows
from shoal.tasks.new_rows import array_rows, table_rows
from shoal.tasks.preparation import Preparation
from shoal.tasks.task import Task
from shoal.tasks.text_encoder import TextEncoder
from shoal.tasks.text_rows import text_files, text_rows

VERSION = 1
_FORMS = (TableEncoder, TextEncoder, Characters, ImageEncoder, Standardizer, AsTheyAre)
ENCODERS: dict[str, Any] = {one.form: one for one in _FORMS}


class Encoded(NamedTuple):
    """x: [rows, *features] float32. notes: what was strange about the rows, a sentence each."""

    x: Tensor
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Preprocessing:
    """An encoder of rows and the way back from outputs.

    kind: of the task. features: shape of one encoded row. target: the target column's name, or None.
    classes: their names in the order of the outputs; empty for regression and for classes that are numbers
    0, 1, ... without a name. center: [outputs] float64 and scale: target = output · scale + center.
    """

    encoder: Encoder
    kind: Kind
    features: tuple[int, ...]
    target: str | None
    classes: tuple[str, ...]
    center: Float[ndarray, "..."]
    scale: float

    def __call__(self, rows: Any) -> Encoded:
        """Encode new rows. Raises UserError for rows that lack a column or have another shape."""
        if isinstance(self.encoder, TableEncoder):
            frame, notes = table_rows(rows, self.encoder.columns)
            return Encoded(torch.from_numpy(self.encoder(frame)), notes)
        if isinstance(self.encoder, Characters):
            return Encoded(torch.from_numpy(self.encoder(to_continue(rows, self.encoder.length))), ())
        if isinstance(self.encoder, TextEncoder):
            texts, notes = text_rows(rows, self.encoder)
            return Encoded(torch.from_numpy(self.encoder(texts)), notes)
        if isinstance(self.encoder, ImageEncoder):
            images, notes = image_rows(rows, self.encoder)
            return Encoded(torch.from_numpy(self.encoder(images)), notes)
        return Encoded(torch.from_numpy(self.encoder(array_rows(rows, self.features))), ())

    def files(self, rows: Any) -> tuple[str, ...]:
        """What each of the new rows is read from, where that is a file of its own; else nothing."""
        if isinstance(self.encoder, TextEncoder):
            return tuple(map(str, text_files(rows)))
        return file_names(rows) if isinstance(self.encoder, ImageEncoder) else ()

    def targets(self, outputs: Float[Tensor, "rows outputs"]) -> Float[Tensor, "rows outputs"]:
        """Outputs of a regression network in the target's unit, float64."""
        return outputs.double() * self.scale + torch.from_numpy(self.center)

    def describe(self) -> dict[str, Any]:
        """Plain data: "arrays" holds float64 arrays by name, all else is what JSON can hold."""
        settings, arrays = self.encoder.describe()
        return {
            "version": VERSION,
            "form": self.encoder.form,
            "settings": settings,
            "kind": self.kind,
            "features": list(self.features),
            "target": self.target,
            "classes": list(self.classes),
            "scale": self.scale,
            "arrays": {**arrays, "center": self.center},
        }


def preprocessing(task: Task, seed: int) -> Preprocessing:
    """The preprocessing of ``task`` fitted on the training rows of ``seed``.

    Raises UserError for a task whose own ``prepare`` does not tell how it treats new rows.
    """
    prepare = task.prepare
    if not isinstance(prepare, Preparation):
        raise UserError(
            f"task {task.name!r} prepares its rows by code of its own, which is not repeated for new rows; "
            "make it with from_arrays or from_table"
        )
    center, scale = prepare.target_center_and_scale(seed)
    return Preprocessing(
        encoder=prepare.fitted(seed) or AsTheyAre(task.features),
        kind=task.kind,
        features=task.features,
        target=prepare.target,
        classes=prepare.classes,
        center=center.double().numpy(),
        scale=scale,
    )


def from_description(plain: dict[str, Any]) -> Preprocessing:
    """The preprocessing that ``describe`` described. Raises UserError for another version or form."""
    if plain.get("version") != VERSION or plain.get("form") not in ENCODERS:
        raise UserError(
            f"the preprocessing is stored in form {plain.get('form')!r}, version {plain.get('version')!r}; "
            f"this shoal reads {', '.join(map(repr, ENCODERS))}, version {VERSION}"
        )
    arrays = {name: np.asarray(one, dtype=np.float64) for name, one in plain["arrays"].items()}
    return Preprocessing(
        encoder=ENCODERS[plain["form"]].restore(plain["settings"], arrays),
        kind=plain["kind"],
        features=tuple(plain["features"]),
        target=plain["target"],
        classes=tuple(plain["classes"]),
        center=arrays["center"],
        scale=float(plain["scale"]),
    )


def encode(task: Task, rows: Any, seed: int) -> Encoded:
    """New rows of ``task`` as the networks of ``seed`` see them."""
    return preprocessing(task, seed)(rows)
