"""``shoal list``: what there is to compare, and what to compare it on."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import click

from shoal import catalogue
from shoal.cli.example import Example
from shoal.cli.formats import count
from shoal.errors import unknown

Row = dict[str, Any]


@click.command("list", cls=Example, example="shoal list optimizer")
@click.argument("kind", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every number of the cards.")
def list_(kind: str | None, as_json: bool) -> None:
    """List the techniques of KIND, or `tasks`, `axes` or `runs`; without KIND, all techniques."""
    rows = _rows(kind)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo(f"no {kind} yet")
        return
    width = max(len(row["name"]) for row in rows)
    group = None
    for row in rows:
        if kind is None and row["kind"] != group:
            group = row["kind"]
            click.secho(f"{group}", bold=True)
        click.echo(f"  {row['name']:{width}}  {row['summary']}")


def _rows(kind: str | None) -> list[Row]:
    lists: dict[str, Callable[[], Iterable[Row]]] = {"tasks": _tasks, "axes": _axes, "runs": _runs}
    if kind in lists:
        return list(lists[kind]())
    if kind is not None and kind not in catalogue.kinds():
        raise unknown("list", kind, (*catalogue.kinds(), *lists))
    return catalogue.describe(kind)


def _tasks() -> Iterable[Row]:
    from shoal.tasks.load import names

    return ({"name": name, "summary": summary} for name, summary in names().items())


def _axes() -> Iterable[Row]:
    from shoal.experiments.axes import listed

    return listed()


def _runs() -> Iterable[Row]:
    from shoal.store.folders import list_runs

    for run in list_runs():
        plan = run.plan or {}
        row = {
            "name": str(run.folder),
            "task": plan.get("task"),
            "axis": plan.get("axis"),
            "started_at": run.started_at,
            "networks_trained": run.outcomes,
            "state": "finished" if run.finished else "running" if run.active else "unfinished",
            "problem": run.problem,
        }
        row["summary"] = run.problem or f"{row['state']}, {count(run.outcomes)} networks trained"
        yield row
