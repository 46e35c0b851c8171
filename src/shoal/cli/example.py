"""Commands whose help begins with the shortest useful command line."""

from typing import Any

import click


class Example(click.Command):
    """A click command with an ``example``, shown as the first line of its help and of its docs page."""

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example before click's own usage line."""
        formatter.write_usage(self.example, prefix="Try: ")
        super().format_usage(ctx, formatter)


class ExampleGroup(Example, click.Group):
    """A group of commands that shows an example first."""
