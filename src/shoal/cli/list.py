"""``shoal list``: what there is to compare, and what to compare it on."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import click

from shoal import catalogue
from shoal.cli.descent import draw, roots
from shoal.cli.example import Example
from shoal.cli.formats import cost, counted
from shoal.errors import UserError, unknown

Row = dict[str, Any]


@click.command("list", cls=Example, example="shoal list optimizer")
@click.argument("kind", required=False)
@click.option("--tree", is_flag=True, help="Draw which technique descends from which, with the years.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every number of the cards.")
def list_(kind: str | None, tree: bool, as_json: bool) -> None:
    """List the techniques of KIND, or `tasks`, `axes` or `runs`; without KIND, all techniques."""
    if tree:
        _tree(kind, as_json)
        return
    rows = _rows(kind)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo(f"no {kind} yet")
        return
    told = ["name", "summary"]
    if kind in catalogue.STEPPED:
        rows = [{**row, "cost": cost(row)} for row in rows]
        told.insert(1, "cost")
    widths = [max(len(row[key]) for row in rows) for key in told[:-1]]
    group = None
    for row in rows:
        if kind is None and row["kind"] != group:
            group = row["kind"]
            click.secho(f"{group}", bold=True)
        cells = [f"{row[key]:{width}}" for key, width in zip(told, widths, strict=False)]
        click.echo("  ".join(["", *cells, row[told[-1]]]))


def _tree(kind: str | None, as_json: bool) -> None:
    if kind in LISTS:
        raise UserError(
            f"{kind} do not descend from one another, so there is no tree of them: leave out --tree, or give "
            f"a kind of technique ({', '.join(catalogue.kinds())})"
        )
    rows = _rows(kind)
    trees = {one: roots(row for row in rows if row["kind"] == one) for one in catalogue.kinds()}
    if as_json:
        click.echo(json.dumps([root for trunk in trees.values() for root in trunk], indent=2))
        return
    for one, trunk in trees.items():
        if kind is None:
            click.secho(one, bold=True)
        for line in draw(trunk):
            click.echo(f"  {line}")


def _rows(kind: str | None) -> list[Row]:
    if kind in LISTS:
        return list(LISTS[kind]())
    if kind is not None and kind not in catalogue.kinds():
        raise unknown("list", kind, (*catalogue.kinds(), *LISTS))
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
        row["summary"] = run.problem or f"{row['state']}, {counted(run.outcomes, 'network')} trained"
        yield row


LISTS: dict[str, Callable[[], Iterable[Row]]] = {"tasks": _tasks, "axes": _axes, "runs": _runs}
"""What there is to list beside the kinds of technique."""
