"""A task from a table in a .csv or .csv.gz file."""

from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from shoal.errors import UserError, unknown
from shoal.tasks.columns import describe, typed
from shoal.tasks.csv_text import read_text
from shoal.tasks.encoders import TableEncoder
from shoal.tasks.preparation import Preparation, fingerprint
from shoal.tasks.splits import TEST_SHARE, VALID_SHARE, split
from shoal.tasks.target import Kind, Target, decide
from shoal.tasks.task import Task

if TYPE_CHECKING:
    import polars as pl


def from_csv(
    file: Path | str,
    target: str | None,
    *,
    kind: Kind | None = None,
    ignore: Collection[str] = (),
    test_share: float = TEST_SHARE,
    valid_share: float = VALID_SHARE,
) -> Task:
    """The task to predict column ``target`` of ``file`` from its other columns, without those to ``ignore``.

    kind: None decides by the target's values (see ``target.decide``). Numbers: gaps take the median and an
    indicator, then standardized. Categories: one feature each, rare and unknown ones none. Dates: day,
    month, weekday, hour. Booleans: standardized. Left out: constant columns and identifiers. All of it is
    said in the task's notes. Raises UserError for whatever cannot be learned from.
    """
    file = Path(file)
    text = read_text(file)
    _check_columns(file, text.columns, target, ignore)
    assert target is not None
    decided = decide(text[target], kind)
    return _task(file, text.drop(target, *ignore)[decided.rows], decided, test_share, valid_share)


def _task(file: Path, text: "pl.DataFrame", target: Target, test_share: float, valid_share: float) -> Task:
    classes = target.kind == "classification"
    try:
        rows = split(
            len(target.values),
            target.values if classes else None,
            test_share=test_share,
            valid_share=valid_share,
        )
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    columns, notes = describe(text, rows.rest)
    if not columns:
        raise UserError(
            f"{file} has no column to learn from; {'; '.join(notes) or 'there is only the target'}"
        )
    y = torch.from_numpy(target.values)
    prepare = Preparation(
        split=rows,
        inputs=typed(text, columns),
        targets=y if classes else y[:, None],
        fit=partial(TableEncoder.fit, tuple(columns)),
        standardize=not classes,
        target=target.name,
        classes=target.classes,
    )
    return Task(
        name=file.name.removesuffix(".gz").removesuffix(".csv"),
        kind=target.kind,
        metric="accuracy" if classes else "rmse",
        features=tuple(prepare(0).x.shape[1:]),
        outputs=len(target.classes) if classes else 1,
        train_rows=rows.train_rows,
        prepare=prepare,
        fingerprint=fingerprint(
            (text.columns, text.write_csv().encode(), target.values, rows.test, valid_share)
        ),
        notes=(*target.notes, *notes),
    )


def _check_columns(file: Path, columns: list[str], target: str | None, ignore: Collection[str]) -> None:
    if target is None:
        raise UserError(
            f"which column of {file} is to be predicted? Name it, for example --target {columns[-1]}; "
            f"its columns are: {', '.join(columns)}"
        )
    for name in (target, *ignore):
        if name not in columns:
            raise unknown(f"column in {file}", name, columns)
    if target in ignore:
        raise UserError(f"column {target!r} is the target and cannot be ignored")
