"""How an optimizer that is put together is written in a plain training loop: what acts when, and on what."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shoal import catalogue
from shoal.composition import Use, branches, stages, uses

ALL = "model.parameters()"
ROLES = ["from shoal.networks.roles import roles", "role = roles(model)"]
"""Lines that the parameters of a role are named by."""


class Acting(NamedTuple):
    """A rule or link at work. when: the part of the training, in words, "" for all of it. on: the parameters,
    as code. name: what the branch's optimizer is called."""

    use: Use
    when: str
    on: str
    name: str


def acting(optimizer: str) -> Iterator[Acting]:
    """The techniques of an optimizer at work, stage by stage; behind a branch's rule its links."""
    begin = 0.0
    for rule, until in stages(optimizer):
        when = "" if until - begin == 1 else f"from {begin:.0%} to {until:.0%} of the steps"
        each = branches(rule)
        named = tuple(role for branch in each for role in branch.roles)
        for branch in each:
            name = "_".join((*branch.roles, "optimizer"))
            on = ALL if not named else _of(branch.roles) if branch.roles else _of(named, "not in")
            links = (use for use in branch.chain if use is not branch.rule)
            for use in (branch.rule, *links):
                yield Acting(use, when, on, name)
        begin = until


def is_composed(optimizer: str) -> bool:
    """Whether a link of the optimizer is no lines of torch, so that ``shoal.optim.compose`` makes it."""
    links = [use for use in uses(optimizer) if use.kind == "link"]
    return any(not catalogue.find("link", use.technique).CARD.torch for use in links)


def composed(optimizer: str, numbers: Mapping[str, str]) -> list[str]:
    """The lines of an optimizer that is composed, stage by stage. numbers: by name, "adam.lr", as code."""
    lines, begin = [], 0.0
    for rule, until in stages(optimizer):
        found = uses(rule)
        modules = [catalogue.find(use.kind, use.technique) for use in found]
        notes = [f"from {begin:.0%} to {until:.0%} of the steps"] if until - begin < 1 else []
        if any(hasattr(module, "read") for module in modules):
            notes.append("optimizer.eval() before evaluating, .train() after")
        if any(getattr(module, "PLACE", "") == "point" for module in modules):
            notes.append("loss = optimizer.step(closure), see docs/drop-ins.md")
        labels = {use.label for use in found}
        own = [f'"{key}": {value}' for key, value in numbers.items() if key.rpartition(".")[0] in labels]
        lines += [f"# {'; '.join(notes)}"] if notes else []
        lines.append(f'optimizer = shoal.optim.compose(model, "{rule}", {{{", ".join(own)}}})')
        begin = until
    return lines


def placed(line: str, on: str, name: str) -> str:
    """A card's lines, for the parameters of a branch alone and with its optimizer's name."""
    return line.replace(ALL, on).replace("optimizer = ", f"{name} = ")


def drop_in(title: str, hyper: Mapping[str, Any]) -> str:
    """The line of a rule that only ``shoal.optim`` has; {names} stand for its numbers, as on a card."""
    made = re.sub(r"\W", "", title)
    betas = [name for name in hyper if name in ("beta1", "beta2", "beta3")]
    keywords = [f"{name}={{{name}}}" for name in hyper if len(betas) < 2 or name not in betas]
    if len(betas) > 1:
        keywords.append(f"betas=({', '.join(f'{{{name}}}' for name in betas)})")
    return f"optimizer = shoal.optim.{made}({', '.join([ALL, *keywords])})"


def _of(roles: tuple[str, ...], which: str = "in") -> str:
    listed = ", ".join(f'"{role}"' for role in roles)
    return f"[one for name, one in model.named_parameters() if role[name] {which} [{listed}]]"
