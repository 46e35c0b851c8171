"""A program makes the steps of its rule, whatever its form; a rule that is not elementwise has none."""

from typing import Any, NamedTuple

import pytest
import torch

from shoal.optim.program import compiled
from shoal.techniques.kinds import Seen


class Hyper(NamedTuple):
    a: float = 0.3
    b: float = 0.8


class State(NamedTuple):
    step: torch.Tensor
    one: torch.Tensor
    two: torch.Tensor


def init(parameter: torch.Tensor, hyper: Hyper) -> State:
    return State(parameter.new_zeros(()), torch.zeros_like(parameter), torch.ones_like(parameter))


class Rule:
    """Stands for a technique's module."""

    Hyper, State = Hyper, State

    def __init__(self, update: Any):
        self.init, self.update = init, update


def two_weights(g: Any, s: State, p: Any, h: Hyper) -> Any:
    one = h.b * s.one + (1 - h.a) * g  # no mean: the weights do not sum to one
    return -h.a * one, State(s.step + 1, one, s.two)


def swapped(g: Any, s: State, p: Any, h: Hyper) -> Any:
    return s.one - h.a * g, State(s.step + 1, s.two, s.one + g)


def remembered(g: Any, s: State, p: Any, h: Hyper) -> Any:
    return h.a * (g - s.one), State(s.step, g, s.one)


def same_twice(g: Any, s: State, p: Any, h: Hyper) -> Any:
    new = s.one + s.two * g
    return new - p, State(s.step + 1, new, new)


def chained(g: Any, s: State, p: Any, h: Hyper) -> Any:
    inner = -(2 * g / h.b) * h.a / 3
    shrunk = -h.a * (s.one / (s.two.abs() + 1) + h.b * p)
    return shrunk - inner * s.two, State(s.step + 1, s.one - g**2, torch.where(g > 0, inner, s.two))


def late(g: Any, s: State, p: Any, h: Hyper) -> Any:
    one = s.one + g
    return one * s.one.sign() + torch.maximum(s.one, g) / (1 + s.step), State(s.step + 1, one, -s.two)


def normed(g: Any, s: State, p: Any, h: Hyper) -> Any:
    one = s.one + g / g.norm()  # made in the last walk only
    return -h.a * one, State(s.step + g.sum(), one, s.two)


def settled(g: Any, s: State, p: Any, h: Hyper) -> Any:
    one = h.b * s.one + g  # in its place before its sum is known
    return -h.a * one / one.square().sum(), State(s.step + 1, one, s.two)


def needed_later(g: Any, s: State, p: Any, h: Hyper) -> Any:
    one = h.b * s.one + g  # may not take its place before the change is made of the old one
    return -h.a * s.one / torch.linalg.vector_norm(one), State(s.step + 1, one, s.two)


def exchanged(g: Any, s: State, p: Any, h: Hyper) -> Any:
    one, two = s.two + g, s.one * h.a  # each over what the other needs
    return -h.a * two / one.norm(), State(s.step + (two * g).sum(), one, two)


def sum_of_sums(g: Any, s: State, p: Any, h: Hyper) -> Any:
    mean = (s.one * g).sum() / 12
    two = s.two + (g - mean) ** 2
    return -h.a * g / (two.sum() + p.norm()).sqrt(), State(s.step + (p * two).sum(), s.one, two)


def only_a_number(g: Any, s: State, p: Any, h: Hyper) -> Any:
    return -h.a * g, State(s.step + (s.one * p).sum(), s.one + p, s.two)


def toward(g: Any, s: State, p: Any, h: Hyper) -> Any:
    moved = s.one - h.b * g  # may not take its place before the change is made of the old one
    return h.a * (s.one - p) - h.b * g, State(s.step + 1, moved, s.two + s.step / (s.step + 1) * (p - s.two))


def one_by_one(g: Any, s: State, p: Any, h: Hyper) -> Any:
    return s.one * h.a - h.b * g * s.two, State(s.step + 1, p + (s.one * h.b + h.a * g), s.two)


def there(g: Any, s: State, p: Any, h: Hyper) -> Any:
    return (s.one - h.a * g) / (1 + h.b) - p, State(s.step + 1, s.one + p, s.two)


def chosen(g: Any, s: State, p: Any, h: Hyper) -> Any:
    one = torch.where(s.step < 5, h.a * g, s.one)
    return torch.where(s.step > 2, one, 0.0), State(s.step + 1, one, s.two)


def dots(g: Any, s: State, p: Any, h: Hyper) -> Any:
    one = h.b * s.one + g
    size = (one**2).sum() + (p * p).sum() + (g * s.two * h.a).sum()
    return -h.a * one / size, State(s.step + (one * s.one).sum(), one, s.two)


WHOLE = (two_weights, swapped, remembered, same_twice, chained, late, toward, one_by_one, there, chosen)
CUT = (dots, normed, settled, needed_later, exchanged, sum_of_sums, only_a_number)


@pytest.mark.parametrize("rule", [*WHOLE, *CUT])
def test_ten_steps_are_the_rules(rule):
    def update(seen: Seen, state: State, parameter: Any, hyper: Hyper) -> Any:
        return rule(seen.gradient, state, parameter, hyper)

    program = compiled(Rule(update), torch.float64)
    assert program is not None
    assert (program.vectors, program.scalars) == (("one", "two"), ("step",))
    generator = torch.Generator().manual_seed(0)
    parameter = torch.randn(12, generator=generator, dtype=torch.float64)
    state, ours = init(parameter, Hyper()), parameter.clone()
    step, one, two = (leaf.clone() for leaf in state)
    buffers = [torch.empty(12, dtype=dtype) for dtype in program.buffers]
    hyper = [torch.tensor(x, dtype=torch.float64) for x in Hyper()]
    for _ in range(10):
        gradient = torch.randn(12, generator=generator, dtype=torch.float64)
        change, state = rule(gradient, state, parameter, Hyper())
        parameter = parameter + change
        once, given = program.once(hyper, [step], None), gradient.clone()
        totals = None
        for over, sums in zip(program.over, program.sums, strict=True):
            numbers = once.send(totals)
            found = [  # two pieces
                over(
                    given[part],
                    ours[part],
                    [one[part], two[part]],
                    [buffer[part] for buffer in buffers],
                    numbers,
                    lambda how, *vectors: how(*vectors),
                )
                for part in (slice(0, 5), slice(5, 12))
            ]
            totals = [
                how(torch.stack(each)) for how, each in zip(sums, zip(*found, strict=True), strict=True)
            ]
        (after,) = once.send(totals)
        step.copy_(after)
        assert torch.equal(given, gradient)  # a user's gradient is left as it is
        for mine, its in zip((ours, step, one, two), (parameter, *state), strict=True):
            torch.testing.assert_close(mine, its, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "change",
    [
        lambda seen, p: seen.gradient / seen.gradient.mean(),
        lambda seen, p: seen.gradient / seen.gradient.norm(1),
        lambda seen, p: seen.gradient.clone().mul_(2),
        lambda seen, p: seen.gradient * seen.key,
        lambda seen, p: seen.gradient.flip(0),
        lambda seen, p: seen.gradient * float(seen.loss),
        lambda seen, p: seen.gradient + torch.arange(7),
    ],
    ids=["mean", "another norm", "in place", "noise", "order", "a branch", "a vector of its own"],
)
def test_other_rules_have_none(change):
    def update(seen: Seen, state: State, parameter: Any, hyper: Hyper) -> Any:
        return change(seen, parameter), state

    assert compiled(Rule(update), torch.float32) is None
