"""The one door of the command line: what goes wrong ends in one sentence and an exit code.

Exit codes: 0 done (a reader that closed the pipe is no error), 1 something unforeseen, 2 wrong input,
130 ended by Ctrl-C. Commands import what trains networks when they run, so that help answers at once.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from shoal.cli.compare import INTERRUPTED, compare
from shoal.cli.example import ExampleGroup
from shoal.cli.list import list_
from shoal.cli.predict import predict
from shoal.cli.report import report
from shoal.cli.train import train
from shoal.errors import UserError, unknown

UNFORESEEN = 1
WRONG_INPUT = 2


class Commands(ExampleGroup):
    """A group whose error for an unknown command lists those that exist, the nearest first."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        command = super().get_command(ctx, cmd_name)
        if command is None:
            raise unknown("command", cmd_name, self.commands)
        return command


@click.group(
    cls=Commands,
    example="shoal compare digits --vary optimizer",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="shoal", message="%(package)s %(version)s")
def shoal() -> None:
    """Finds out which training techniques help on your network and your data: trains hundreds of small
    networks as one program, each technique tuned fairly, and says what the result can bear.
    """


shoal.add_command(compare)
shoal.add_command(list_)
shoal.add_command(predict)
shoal.add_command(report)
shoal.add_command(train)


def main() -> None:
    """The entry point of the ``shoal`` command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; only ``--verbose`` lets a traceback reach the screen."""
    meta: dict[str, Any] = {}
    try:
        with shoal.make_context("shoal", list(arguments)) as context:
            meta = context.meta
            shoal.invoke(context)
            sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.NoSuchOption as error:
        return _complain(str(_unknown_option(error)), WRONG_INPUT)
    except click.ClickException as error:
        return _complain(_sentence(error.format_message()), WRONG_INPUT)
    except UserError as error:
        return _complain(str(error), WRONG_INPUT)
    except (KeyboardInterrupt, click.Abort):
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _silence_output()
    except Exception as error:
        return _unforeseen(error, meta.get("shoal.out"), verbose=meta.get("shoal.verbose", False))
    return 0


def _complain(sentence: str, code: int) -> int:
    click.echo(f"shoal: {sentence}", err=True)
    return code


def _unknown_option(error: click.NoSuchOption) -> UserError:
    params = error.ctx.command.params if error.ctx else []
    return unknown(
        "option", error.option_name, [one.opts[0] for one in params if isinstance(one, click.Option)]
    )


def _sentence(message: str) -> str:
    """click's message as one sentence: no capital, no full stop, a second sentence joined on."""
    first, *rest = message.strip().rstrip(".").split(". ")
    joined = "; ".join([first, *(one[0].lower() + one[1:] for one in rest)])
    return " ".join((joined[0].lower() + joined[1:]).split())


def _silence_output() -> None:
    """Let Python's own flush at exit go nowhere instead of into the closed pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _unforeseen(error: Exception, results: str | None, verbose: bool) -> int:
    """Save the traceback in the results folder, or where there is none in the temporary one, and say so."""
    trace = "".join(traceback.format_exception(error))
    if verbose:
        click.echo(trace, err=True)
    folder = results if results is not None and Path(results).is_dir() else None
    handle, name = tempfile.mkstemp(prefix="shoal-", suffix="-traceback.txt", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(trace)
    words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return _complain(f"stopped by an error of its own, {words} (its traceback is in {name})", UNFORESEEN)
