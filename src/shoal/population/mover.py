"""A group's steps: its techniques' programs called in their order, on the parameters of their branches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from shoal.population.groups import Group, Piece, Region, regions
from shoal.population.rules import Need
from shoal.population.template import Template

Run = Callable[[Sequence[Tensor]], Sequence[Tensor]]


class Mover:
    """Moves a group's rows, a table of steps long.

    flat: the rows' parameters [members, parameters], changed in place. scale: what lr is multiplied by at
    each step, float64 [count, members]. programs: by ``groups.needs``.
    """

    def __init__(
        self, group: Group, template: Template, flat: Tensor, scale: Tensor, programs: Mapping[Any, Run]
    ):
        self.flat = flat
        self.branches = []
        for number, region in enumerate(regions(group.name, template)):
            pieces = [piece for piece in group.pieces if piece.branch == number]
            if region.shapes:
                self.branches.append(_Branch(pieces, region, scale, programs))

    def probe(self, step: int, gradient: Tensor, at: Tensor, loss: Tensor, key: Tensor) -> None:
        """Shows links the gradient at the parameters; writes where it is wanted next into ``at``."""
        at.copy_(self.flat)
        for branch in self.branches:
            branch.probe(step, self.flat, gradient, at, loss, key)

    def move(self, step: int, gradient: Tensor, loss: Tensor, key: Tensor) -> None:
        """One step of all rows. gradient [members, parameters] may be changed."""
        for branch in self.branches:
            branch.move(step, self.flat, gradient, loss, key)


class _Branch:
    """The chain of one branch."""

    def __init__(
        self, pieces: Sequence[Piece], region: Region, scale: Tensor, programs: Mapping[Any, Run]
    ) -> None:
        self.region = region
        places = [getattr(piece.technique, "PLACE", "") for piece in pieces]
        what = "change" if "change" in places else "move"
        calls = [_Call(piece, region, scale, programs, what) for piece in pieces]
        placed = list(zip(places, calls, strict=True))
        self.points = [call for place, call in placed if place == "point"]
        self.before = [call for place, call in placed if place == "gradient"]
        (self.rule,) = (call for place, call in placed if not place)
        self.behind = [call for place, call in placed if place == "change"]

    def probe(self, step: int, flat: Tensor, gradient: Tensor, at: Tensor, loss: Tensor, key: Tensor) -> None:
        if self.points:
            own, seen, point = self.region.of(flat), self.region.of(gradient), self.region.of(at)
            for call in self.points:
                call(step, [own, seen, point], loss, key)
            if self.region.columns is not None:
                at[:, self.region.columns] = point

    def move(self, step: int, flat: Tensor, gradient: Tensor, loss: Tensor, key: Tensor) -> None:
        own, seen = self.region.of(flat), self.region.of(gradient)
        for call in self.before:
            call(step, [own, seen], loss, key)
        if self.behind:
            change = self.rule.change(step, own, seen, loss, key)
            for call in self.behind:
                call(step, [own, seen, change], loss, key)
            own.add_(change)
        else:
            self.rule(step, [own, seen], loss, key)
        if self.region.columns is not None:
            flat[:, self.region.columns] = own


class _Call:
    """One technique's program on its branch: once on the vector, or for each parameter by itself."""

    def __init__(
        self, piece: Piece, region: Region, scale: Tensor, programs: Mapping[Any, Run], what: str
    ) -> None:
        self.region, self.hyper = region, list(piece.hyper.values())
        fields = list(piece.hyper)
        self.rate = fields.index("lr") if "lr" in fields else None
        if self.rate is not None:
            lr = self.hyper[self.rate]
            self.rates = (lr.double() * scale.to(lr.device)).to(lr.dtype).unbind(0)
        use, count = piece.use, len(piece.technique.State._fields) if piece.state else 0
        what = "apply" if use.kind == "link" else what
        self.by_tensor = piece.technique.CARD.scope == "tensor"
        if self.by_tensor:
            self.programs = [
                programs[Need(use.kind, use.technique, what, len(shape))] for shape in region.shapes
            ]
            cuts = range(0, count * len(region.shapes), count) if count else [0] * len(region.shapes)
            self.states = [piece.state[cut : cut + count] for cut in cuts]
        else:
            own = piece.technique.CARD.scope == "torch"
            self.programs = [programs[use.technique if own else Need(use.kind, use.technique, what, None)]]
            self.states = [piece.state]

    def __call__(self, step: int, tensors: list[Tensor], loss: Tensor, key: Tensor) -> None:
        """Changes ``tensors`` [members, numbers] each, and the state, in place."""
        hyper = self._hyper(step)
        if not self.by_tensor:
            self.programs[0]([*tensors, loss, key, *hyper, *self.states[0]])
            return
        views = zip(*(self.region.views(value) for value in tensors), strict=True)
        for program, state, own in zip(self.programs, self.states, views, strict=True):
            program([*own, loss, key, *hyper, *state])

    def change(self, step: int, flat: Tensor, gradient: Tensor, loss: Tensor, key: Tensor) -> Tensor:
        """The rule's change [members, numbers]; only the state is changed in place."""
        hyper = self._hyper(step)
        if not self.by_tensor:
            return self.programs[0]([flat, gradient, loss, key, *hyper, *self.states[0]])[0]
        made = flat.new_empty(flat.shape)
        views = zip(*(self.region.views(value) for value in (flat, gradient, made)), strict=True)
        for program, state, (own, seen, change) in zip(self.programs, self.states, views, strict=True):
            change.copy_(program([own, seen, loss, key, *hyper, *state])[0])
        return made

    def _hyper(self, step: int) -> list[Tensor]:
        if self.rate is None:
            return self.hyper
        return [self.rates[step] if place == self.rate else value for place, value in enumerate(self.hyper)]
