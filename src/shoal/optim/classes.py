"""The classes, made from the catalogue: one for every optimizer whose card has a title."""

import re
from functools import cache
from types import ModuleType

from shoal import catalogue
from shoal.errors import unknown
from shoal.optim import keywords
from shoal.optim.optimizer import RuleOptimizer
from shoal.optim.reading import ReadingOptimizer


@cache
def rules() -> dict[str, str]:
    """Class name → technique. A title's spelling without spaces and hyphens is the class's name."""
    found = {}
    for name in catalogue.names("optimizer"):
        title = re.sub(r"\W", "", catalogue.find("optimizer", name).CARD.title)
        if title:
            found[title] = name
    return found


@cache
def made(title: str) -> type[RuleOptimizer]:
    """The class of this name; raises UserError, which lists the names there are, for any other."""
    if title not in rules():
        raise unknown("class of shoal.optim", title, rules())
    rule = rules()[title]
    module = catalogue.find("optimizer", rule)
    base = ReadingOptimizer if hasattr(module, "read") else RuleOptimizer
    members = {
        "title": title,
        "rule": rule,
        "__module__": "shoal.optim",
        "__doc__": _doc(title, module),
        "__signature__": keywords.signature(title, rule),
    }
    return type(title, (base,), members)


def _doc(title: str, module: ModuleType) -> str:
    lines = [module.__doc__ or ""]
    if keywords.torch_twin(title):
        lines.append(f"Takes the keywords of torch.optim.{title} and makes its steps.")
    if module.CARD.scope == "member":
        lines.append(
            "Its norms and step sizes are those of a parameter group, whose parameters are one vector. (The "
            "authors' Prodigy and D-Adaptation share one step size among all groups.)"
        )
    if hasattr(module, "read"):
        lines.append(
            "Call optimizer.eval() before evaluating or saving the model, optimizer.train() before training."
        )
    return "\n".join(lines)
