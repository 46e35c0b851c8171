"""A task from a table: a file (CSV, TSV, Parquet) or a polars or pandas frame."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from shoal.errors import UserError, unknown
from shoal.tasks.frames import Table, read_table, stem
from shoal.tasks.group_split import split_by_group
from shoal.tasks.imbalance import metric_for
from shoal.tasks.preparation import Preparation, fingerprint
from shoal.tasks.split_columns import group_numbers, time_numbers
from shoal.tasks.splits import TEST_SHARE, VALID_SHARE, Parts, Rows, check, split
from shoal.tasks.table_inputs import inputs_of
from shoal.tasks.target import Kind, Target, decide
from shoal.tasks.task import Task
from shoal.tasks.text_columns import TextOptions, options_of
from shoal.tasks.time_split import split_by_time

if TYPE_CHECKING:
    import polars as pl


class Asked(NamedTuple):
    """What the user said about a table; see ``from_table``."""

    target: str
    kind: Kind | None
    ignore: frozenset[str]
    group: str | None
    time: str | None
    test_share: float
    valid_share: float


def from_table(
    table: Any,
    target: str | None,
    *,
    kind: Kind | None = None,
    ignore: Collection[str] = (),
    group: str | None = None,
    time: str | None = None,
    test: Any = None,
    text: Collection[str] = (),
    length: int | None = None,
    test_share: float = TEST_SHARE,
    valid_share: float = VALID_SHARE,
) -> Task:
    """The task to predict column ``target`` of a table from its other columns, without those to ``ignore``.

    table: a path (.csv, .tsv, each also .gz, or .parquet) or a polars or pandas frame.
    kind: None decides by the target's values (see ``target.decide``).
    group: rows of one group (a patient, a user) stay on one side of every split; not learned from.
    time: the last rows by this column (numbers or dates) are for testing, the last of the others validate,
    for every seed. Not learned from, except month, weekday and hour of dates: a network cannot know what a
    day later than all it saw means.
    test: the official test part, as ``table``, with the same columns; else ``test_share`` of the rows.
    text: columns to read as text, and nothing else; without any, those whose cells are like sentences (see
    ``text_columns``). Then rows are numbers of tokens, cut or filled up to ``length`` of them.

    Numbers: gaps take the median and an indicator, then standardized. Categories: one feature each, rare and
    unknown ones none. Dates: day, month, weekday, hour. Booleans: standardized. Left out: constant columns
    and identifiers. The metric is accuracy (auroc if classes are imbalanced, see ``imbalance``) or rmse. All
    of it is said in the task's notes. Raises UserError for whatever cannot be learned from.
    """
    read = read_table(table, lambda name: name not in ignore)
    asked = _checked(read, target, kind, ignore, group, time)
    asked = asked._replace(test_share=test_share, valid_share=valid_share)
    cells, official = read.text, None
    if test is not None:
        cells, official = _with_test_part(read, test)
    try:
        reading = options_of(
            text, length, [name for name in cells.columns if name not in (target, group, time)]
        )
        decided = decide(cells[asked.target], asked.kind, asked.target in read.declared, official)
        return task_of(stem(table), cells, decided, official, read.declared, asked, reading)
    except UserError as error:
        raise UserError(f"{read.where}: {error}") from None


def task_of(
    name: str,
    text: "pl.DataFrame",
    decided: Target,
    official: int | None,
    declared: frozenset[str],
    asked: Asked,
    reading: TextOptions,
) -> Task:
    """text: the cells of all rows. official: the row that the official test part begins at, or None."""
    text = text[decided.rows]
    test = None if official is None else np.flatnonzero(decided.rows >= official)
    rows, split_notes = _split(text, decided, test, asked)
    learned = text.drop([one for one in (asked.target, asked.group) if one is not None])
    inputs = inputs_of(learned, rows.rest, declared, asked.time, reading)
    classes = decided.kind == "classification"
    y = torch.from_numpy(decided.values)
    metric, said = metric_for(decided.values, decided.classes) if classes else ("rmse", ())
    prepare = Preparation(
        split=rows,
        inputs=inputs.rows,
        targets=y if classes else y[:, None],
        fit=inputs.fit,
        standardize=not classes,
        target=asked.target,
        classes=decided.classes,
    )
    return Task(
        name=name,
        kind=decided.kind,
        metric=metric,
        features=tuple(prepare(0).x.shape[1:]),
        outputs=len(decided.classes) if classes else 1,
        train_rows=rows.train_rows,
        prepare=prepare,
        fingerprint=fingerprint(
            (text.columns, text.write_csv().encode(), decided.values, rows.test, asked, *inputs.settings)
        ),
        notes=(*decided.notes, *said, *split_notes, *inputs.notes),
        vocabulary=inputs.vocabulary,
    )


def _split(
    text: "pl.DataFrame", target: Target, test: np.ndarray | None, asked: Asked
) -> tuple[Rows, tuple[str, ...]]:
    """The split that was asked for, and a note on it."""
    labels = target.values if target.kind == "classification" else None
    if test is not None and len(test) == 0:
        raise UserError("no row of the test part has a target")
    check(len(text), asked.test_share, asked.valid_share)
    parts = Parts(test, asked.test_share, asked.valid_share)
    if asked.group is not None:
        groups = group_numbers(text[asked.group])
        whole = split_by_group(groups, labels, parts, target.classes)
        said = f"rows of one {asked.group!r} stand on one side of every split; there are {groups.max() + 1}"
        if whole.most > whole.fewest:
            said += f", of different sizes, so up to {whole.most - whole.fewest} rows sit out a seed"
        return whole, (said,)
    if asked.time is not None:
        ordered = split_by_time(time_numbers(text[asked.time]), labels, parts, target.classes)
        last = f"{'last' if test is None else 'test part,'} {len(ordered.test)}"
        said = (
            f"rows are split by {asked.time!r}: the first {ordered.train_rows} train, the next "
            f"{len(ordered.valid)} validate, the {last} test; seeds differ in the chance of training only"
        )
        return ordered, (said,)
    return split(len(text), labels, **parts._asdict()), ()


def _with_test_part(table: Table, test: Any) -> "tuple[pl.DataFrame, int]":
    """Both tables' rows, and the row where the second begins."""
    import polars as pl

    kept = table.text.columns
    part = read_table(test, set(kept).__contains__)
    if isinstance(test, (str, Path)) and table.where == part.where:
        raise UserError(f"{table.where} is given as the table and as its test part; name two files")
    where = part.where if isinstance(test, (str, Path)) else "the test part"
    for name in kept:
        if name not in part.names:
            raise UserError(
                f"column {name!r} of {table.where} is needed in the test part, too: "
                f"{unknown(f'column in {where}', name, part.names)}"
            )
    return pl.concat([table.text, part.text.select(kept)]), table.text.height


def _checked(
    table: Table,
    target: str | None,
    kind: Kind | None,
    ignore: Collection[str],
    group: str | None,
    time: str | None,
) -> Asked:
    if target is None:
        raise UserError(
            f"which column of {table.where} is to be predicted? Name it, for example --target "
            f"{table.names[-1]}; its columns are: {', '.join(table.names)}"
        )
    if kind not in (None, "classification", "regression"):
        raise unknown("kind of task", str(kind), ("classification", "regression"))
    if isinstance(ignore, str):
        ignore = (ignore,)
    for name in (target, *ignore, group, time):
        if name is not None and name not in table.names:
            raise unknown(f"column in {table.where}", name, table.names)
    roles = {"target": target, "group column": group, "time column": time}
    for what, name in roles.items():
        if name in ignore:
            raise UserError(f"column {name!r} is the {what} and cannot be ignored")
    if target in (group, time):
        raise UserError(f"column {target!r} is the target, so it cannot say how rows are split")
    if group is not None and time is not None:
        raise UserError(
            "rows are split by group or by time, not by both: a group that lasts would stand on both sides; "
            "give one of them"
        )
    return Asked(target, kind, frozenset(ignore), group, time, TEST_SHARE, VALID_SHARE)
