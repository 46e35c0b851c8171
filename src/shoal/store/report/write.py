"""Writing a run's report: the page into its results folder, or any form as text."""

from collections.abc import Callable
from pathlib import Path

from shoal.errors import UserError, unknown
from shoal.store.atomic import write_text
from shoal.store.record import Record
from shoal.store.report.data import Report
from shoal.store.report.gather import gather
from shoal.store.report.markdown import markdown
from shoal.store.report.page import page
from shoal.store.report.table import table_csv
from shoal.store.report.tasks import (
    Over,
    gather_tasks,
    is_over_tasks,
    tasks_csv,
    tasks_markdown,
    tasks_page,
)

NAME = "report.html"
FORMS: dict[str, Callable[[Report], str]] = {"html": page, "md": markdown, "csv": table_csv}
OVER_TASKS: dict[str, Callable[[Over], str]] = {"html": tasks_page, "md": tasks_markdown, "csv": tasks_csv}


def text_of(folder: Path, form: str = "html") -> str:
    """The report of the run in ``folder``. Raises UserError for a form that does not exist, a folder that
    holds no run, and a run without a verdict."""
    if form not in FORMS:
        raise unknown("format of a report", form, FORMS)
    if not folder.is_dir():
        raise UserError(f"there is no results folder {folder}; `shoal list runs` shows those there are")
    with Record(folder, write=False) as record:
        return _made(record, form)


def write(record: Record) -> Path:
    """Write report.html into the record's folder, whole or not at all; returns its path."""
    path = record.folder / NAME
    write_text(path, _made(record, "html"))
    return path


def _made(record: Record, form: str) -> str:
    if is_over_tasks(record):
        return OVER_TASKS[form](gather_tasks(record))
    return FORMS[form](gather(record))
