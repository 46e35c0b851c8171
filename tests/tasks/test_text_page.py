"""docs/text.md says the bounds that the code has."""

from pathlib import Path

import pytest

from shoal.tasks import csv_text, table_inputs, text_columns, text_files, tokens

PAGE = (Path(__file__).parents[2] / "docs" / "text.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "told",
    [
        f"most {table_inputs.USUAL_LENGTH}.",
        f"{table_inputs.USUAL_SHARE:.0%} of the texts".replace("%", " %"),
        f"{table_inputs.MOST_NAMES:,} of them",
        f"| texts times their length | {table_inputs.MOST_NUMBERS:,} |",
        f"| {tokens.MOST_LENGTH:,}, {tokens.MOST_CHARACTERS:,} |",
        f"| different words | {tokens.MOST_TOKENS:,} |",
        f"| a text file | {text_files.MOST_BYTES // 2**20} MiB |",
        f"all files of a folder | {text_files.MOST_BYTES_TOGETHER // 2**20} MiB |",
        f"a table, also unpacked, or all files of a folder | {csv_text.MOST_BYTES // 2**20} MiB |",
        {6.0: "six words"}[text_columns.WORDS],
        {0.5: "half of the"}[text_columns.DIFFERENT],
    ],
)
def test_the_page_says(told):
    assert told in " ".join(PAGE.split())
