"""plan.toml: a comparison as it was asked for, with every value named, to be read, changed and run again."""

import dataclasses
import tomllib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from shoal.errors import UserError, unknown
from shoal.experiments import planning, request, tasks_plan, toml_text
from shoal.experiments.plan import Plan
from shoal.experiments.planning import Compared
from shoal.experiments.recipes import flattened, load_toml, plain_of, told
from shoal.experiments.request import Request
from shoal.store.canonical import canonical_json, differences, digest

NAME = "plan.toml"
_HEAD = "# A comparison of shoal. Run it again with: shoal compare --plan"
_NO_TASK = "# The task was given as data, so it is named anew: shoal.compare(task, plan=...)"
_KNOWN = tuple(one.name for one in dataclasses.fields(Request))
_TABLES = ("vary", "arms", "recipe")


def text_of(asked: Request, what: Compared, plan: Plan) -> str:
    """The plan as TOML: what was asked for, what was left to shoal, and all values that are compared."""
    named = [name for name in _KNOWN if name not in _TABLES and not _is_default(name, getattr(asked, name))]
    values = {name: getattr(asked, name) for name in named}
    resolved = {
        "judge": plan.judge,
        "alpha": plan.alpha,
        "device": plan.device,
        "fingerprint": plan.fingerprint,
        "metric": plan.metric,
        "budget": plan.budget_seconds,
        "margin": request.margin_text(plan.margin),
    }
    values |= {name: value for name, value in resolved.items() if value is not None}
    return _text(asked, values, what)


def text_of_tasks(asked: Request, what: Compared, first: Plan, budget: float | None) -> str:
    """The plan of several tasks as TOML; what differs by task is in the plan.toml of each.

    first: the plan of the first task. budget: seconds for all, None for work.
    """
    named = [name for name in _KNOWN if name not in _TABLES and not _is_default(name, getattr(asked, name))]
    values = {name: getattr(asked, name) for name in named}
    resolved = {"judge": first.judge, "alpha": first.alpha, "device": first.device, "budget": budget}
    return _text(asked, values | {name: one for name, one in resolved.items() if one is not None}, what)


def _text(asked: Request, values: Mapping[str, Any], what: Compared) -> str:
    lines = [f"{_HEAD} {NAME}"]
    if not all(isinstance(one, str | Path) for one in asked.tasks or [asked.task]):
        lines.append(_NO_TASK)
    plain = {name: values[name] for name in _KNOWN if name in values and _has_spelling(values[name])}
    lines += toml_text.pairs(
        {name: str(one) if isinstance(one, Path) else one for name, one in plain.items()}
    )
    if what.base:
        lines += ["", "[recipe]", *toml_text.pairs(told(what.base))]
    if what.values:
        varied = {axis.name: [plain_of(value) for value in some] for axis, some in what.values.items()}
        lines += ["", "[vary]", *toml_text.pairs(varied)]
    for name, changes in what.arms.items():
        lines += ["", f"[{toml_text.key('arms', name)}]", *toml_text.pairs(told(changes))]
    return "\n".join(lines) + "\n"


def read(path: Path | str) -> Request:
    """The comparison in a plan file. Raises UserError for one that cannot be read, an unknown key (listing
    the known ones) or a value of the wrong type."""
    table = load_toml(Path(path).expanduser())
    hints = get_type_hints(Request)
    for name, value in table.items():
        if name not in _KNOWN:
            raise unknown(f"key of a plan in {path},", name, _KNOWN)
        if name not in _TABLES and not _fits(value, hints[name]):
            raise UserError(f"{path}: {name} = {value!r} is of the wrong type")
    found = dict(table)
    for name in _TABLES:
        if not isinstance(found.get(name, {}), Mapping):
            raise UserError(f"{path}: {name} must be a table, [{name}]")
    if "vary" in found:
        found["vary"] = _varied(toml_text.flat(found["vary"]), path)
    if "recipe" in found:
        found["recipe"] = flattened(found["recipe"], f"{path}: recipe")
    if "arms" in found:
        found["arms"] = {name: _arm(one, f"{path}: arms.{name}") for name, one in found["arms"].items()}
    return Request(**found)


def chosen(asked: Request, path: Path | str | None) -> Request:
    """What is to be run: the comparison in the file, if there is one, or else what was asked for.

    Whatever is given beside an existing file must agree with it: with a task all that was asked for, without
    one each option. Raises UserError saying where they differ.
    """
    if path is None:
        return asked
    file = Path(path).expanduser()
    if not file.exists():
        if asked.task is None and asked.tasks is None:
            raise UserError(f"there is no plan {path}; name one that exists, or a task to write it for")
        if file.suffix != ".toml" or not file.parent.is_dir():
            raise UserError(f"plan {path} cannot be written; name a .toml file in a folder that exists")
        return asked
    kept = read(file)
    given = {name: value for name in _KNOWN if not _is_default(name, value := getattr(asked, name))}
    if kept.task is None and kept.tasks is None:
        kept = dataclasses.replace(kept, task=given.pop("task", None))
    if given:
        new = asked if {"task", "tasks"} & set(given) else dataclasses.replace(kept, **given)
        (old_hash, old_text), (new_hash, new_text) = _resolved(kept), _resolved(new)
        if old_hash != new_hash:
            found = differences(tomllib.loads(old_text), tomllib.loads(new_text))
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            raise UserError(
                f"{path} holds another comparison: {'; '.join(found[:3])}{more}; give the plan alone to run "
                "it again, or name a new file"
            )
    return kept


def _resolved(asked: Request) -> tuple[str, str]:
    """The hash and the text of a request's plan. Raises UserError for anything wrong with it."""
    if asked.tasks is not None:
        each, what = tasks_plan.each_of(asked)
        described = tasks_plan.described(asked, each)
        text = text_of_tasks(asked, what, each[0].plan, described["budget_seconds"])
        return digest(canonical_json(described)), text
    task = request.task_of(asked)
    what = planning.compared(task, asked)
    plan = planning.plan_of(task, asked, what)
    return plan.hash, text_of(asked, what, plan)


def _is_default(name: str, value: Any) -> bool:
    default = getattr(Request, name)
    return value is default or (isinstance(value, str | float | tuple | list) and value == default)


def _fits(value: Any, hint: Any) -> bool:
    parts = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    kinds: set[Any] = set()
    for part in parts:
        if part is Any:
            kinds.add(str)
        elif get_origin(part) is not None:
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        else:
            kinds |= {int, float} if part is float else {part}
    return type(value) in kinds


def _has_spelling(value: Any) -> bool:
    """Whether a file can hold it: not so tensors and frames, which only Python can give."""
    listed = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    return listed or isinstance(value, str | int | float | Path)


def _varied(axes: Mapping[str, Any], path: Path | str) -> dict[str, Any]:
    for name, values in axes.items():
        if not isinstance(values, list) or not all(isinstance(one, str | int | float) for one in values):
            raise UserError(f"{path}: vary.{name} must be a list of values")
    return dict(axes)


def _arm(table: Any, place: str) -> dict[str, Any]:
    if not isinstance(table, Mapping):
        raise UserError(f"{place} must be a table, [arms.NAME]")
    return flattened(table, place)
