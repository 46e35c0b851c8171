"""From a description to a network: what training builds, and what loading an artifact builds again."""

from collections.abc import Callable, Mapping
from typing import Protocol

from torch import nn

from shoal import catalogue
from shoal.networks import register
from shoal.networks.own import adopt
from shoal.networks.parts import Parts


class Architecture(Protocol):
    """The fields of a recipe that a network is built from (see ``shoal.population.recipe.Recipe``)."""

    @property
    def network(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def residual(self) -> bool: ...
    @property
    def activation(self) -> str: ...
    @property
    def normalization(self) -> str: ...
    @property
    def initializer(self) -> str: ...
    @property
    def hyper(self) -> Mapping[str, float]: ...


def build(
    architecture: Architecture,
    features: tuple[int, ...],
    outputs: int,
    factory: Callable[[], nn.Module] | None = None,
    vocabulary: int = 0,
) -> nn.Module:
    """The network as a module of shoal's layers, [rows, *features] → [rows, outputs].

    factory: makes the user's own module, for network "own". Its numbers are torch's draws of the moment.
    vocabulary: how many different tokens the inputs are made of, or 0.
    Raises shoal.errors.UserError for an unknown network, activation or normalization.
    """
    if architecture.network == "own":
        assert factory is not None
        dropout = catalogue.find("regularizer", "dropout")
        return adopt(factory(), dropout, catalogue.find("normalization", "batch_norm"))
    network = register.find(architecture.network)
    normalization = None
    if architecture.normalization != "none":
        found = catalogue.find("normalization", architecture.normalization)
        normalization = (architecture.normalization, found)
    made: nn.Module = network.build(
        Parts(
            features=features,
            outputs=outputs,
            vocabulary=vocabulary,
            width=architecture.width,
            depth=architecture.depth,
            residual=architecture.residual,
            activation=(architecture.activation, catalogue.find("activation", architecture.activation)),
            normalization=normalization,
            regularizers=tuple(catalogue.switched_on(architecture.hyper, "activation").items()),
            branches=tuple(catalogue.switched_on(architecture.hyper, "branch").items()),
            scaled=scales_branches(architecture.initializer),
        )
    )
    return made


def scales_branches(initializer: str) -> bool:
    """Whether residual branches have learned scales, as some of shoal's own initializers want; no file of the
    user's is run to know."""
    known = initializer in catalogue.names("initializer")
    return known and hasattr(catalogue.find("initializer", initializer), "first_scale")
