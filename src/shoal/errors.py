"""The error a user can do something about: one sentence that names the value, the place and the way out."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Bad input. The command line prints the sentence and exits with code 2."""


def unknown(what: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist: lists those that do, the nearest first."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    ordered = near + [one for one in known if one not in near]
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UserError(f"there is no {what} {name!r}; {hint}there are: {', '.join(ordered)}")
