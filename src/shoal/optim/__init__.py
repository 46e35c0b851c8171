"""Optimizers for a plain training loop: a torch.optim.Optimizer class for every rule of the catalogue.

    import shoal
    optimizer = shoal.optim.Lion(model.parameters(), lr=1e-4)

``dir(shoal.optim)`` lists them. Where torch.optim has one of the name (SGD, Adam, AdamW, ...), it
takes torch's keywords and makes torch's steps, so that changing one import is all it takes. The others take
the hyperparameters of ``shoal list optimizer`` as keywords, with ``betas=(beta1, beta2)``.

``compose`` makes one optimizer of rules by role and of links, as recipes and ``--vary`` spell them:

    optimizer = shoal.optim.compose(model, "matrix:lion|centralize+adam", {"matrix.lion.lr": 1e-4})
"""

import importlib
from typing import Any

_CLASSES = "shoal.optim.classes"  # by name: "from shoal.optim import" would come back to __getattr__
_COMPOSED = "shoal.optim.composed"


def __getattr__(name: str) -> Any:
    if name == "classes" or name.startswith("_"):
        raise AttributeError(f"module 'shoal.optim' has no attribute {name!r}")
    if name == "compose":
        return importlib.import_module(_COMPOSED).compose
    try:
        return importlib.import_module(_CLASSES).made(name)
    except ValueError as error:
        raise AttributeError(str(error)) from None


def __dir__() -> list[str]:
    return sorted([*importlib.import_module(_CLASSES).rules(), "compose"])
