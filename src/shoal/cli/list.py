"""``shoal list``: what there is to compare and to compare it on."""

import click

from shoal.cli.example import Example


@click.command("list", cls=Example, example="shoal list optimizer")
@click.argument("kind", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def list_(kind: str | None, as_json: bool) -> None:
    """List the techniques of KIND, or `tasks`, `axes` or `runs`; without KIND, everything."""
