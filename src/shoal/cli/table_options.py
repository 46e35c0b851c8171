"""The options of every command that takes a table."""

from collections.abc import Callable
from typing import Any

import click

_OPTIONS = (
    click.option("--target", metavar="COLUMN", help="The column of a table to predict."),
    click.option(
        "--kind", metavar="KIND", help="classification or regression, where the target's values mislead."
    ),
    click.option(
        "--ignore", metavar="COLUMN", multiple=True, help="A column not to learn from; may be repeated."
    ),
    click.option(
        "--group",
        metavar="COLUMN|REGEX",
        help="Rows of one group (a patient, a user) stay on one side: a column of a table, or what a "
        "regular expression finds in the names of images or texts, its first (...) or all of it.",
    ),
    click.option("--time", metavar="COLUMN", help="The last rows by this column are for testing."),
    click.option("--test", metavar="FILE", help="The official test part, of the same kind as TASK."),
    click.option(
        "--text",
        metavar="COLUMN",
        multiple=True,
        help="A column to read as text; may be repeated.  [default: those with sentences]",
    ),
    click.option(
        "--length",
        metavar="N",
        type=int,
        help="Words and signs of a text to read, or characters of a plain text file's windows.  "
        "[default: what 99 % of the texts have, at most 400; 64 characters]",
    ),
    click.option(
        "--image-size",
        metavar="N",
        type=int,
        help="Pixels a side of images.  [default: their own if all are alike and at most 32, else 32]",
    ),
    click.option(
        "--weights",
        metavar="FILE|FOLDER",
        help="Weights that every network starts from: a .safetensors file, a results folder or an artifact.",
    ),
)


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what describes the data (--target, --group, --test, --text, ...) to a command's function."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
