"""What only running an optimizer shows is told before anything is trained, with the line of the file."""

from pathlib import Path

import pytest

from shoal import catalogue
from shoal.errors import UserError
from shoal.techniques.first_steps import fault

RULE = Path(__file__).parents[2].joinpath("examples", "signum.py").read_text()
RETURN = "return -hyper.lr * mean.sign(), State(mean)"
BREACHES = {
    "no pair": (RETURN, "return -hyper.lr * mean.sign()", "update returned Tensor, not (change, state)"),
    "shape": (
        RETURN,
        "return mean.sum(), State(mean)",
        "a change: shape [] for a parameter of shape [5]",
    ),
    "no tensor": (RETURN, "return 0.1, State(mean)", "update returned a change: float, no tensor"),
    "state": (RETURN, "return -mean, mean", "update returned (change, state) with Tensor, not State"),
    "first state": ("return State(torch.zeros_like(parameter))", "return 0", "init returned int, not State"),
    "raises": (RETURN, "raise KeyError('oh')", "KeyError in update, line 35: 'oh'"),
    "branch": (RETURN, "return (mean if hyper.lr > 1 else -mean), State(mean)", "line 35: a Python branch"),
    "in place": (RETURN, "return seen.gradient.mul_(-0.1), State(mean)", "changes seen.gradient in place"),
}


KINDS = ("optimizer", "schedule", "activation", "controller", "initializer")
TRIED = [(kind, name) for kind in KINDS for name in catalogue.names(kind)]


@pytest.mark.parametrize(("kind", "name"), TRIED)
def test_every_technique_passes(kind, name):
    assert fault(catalogue.find(kind, name), kind) is None


@pytest.mark.parametrize(
    ("kind", "form", "returned", "said"),
    [
        ("schedule", "value(progress, hyper)", "1.0", "value returned float, no tensor"),
        ("schedule", "value(progress, hyper)", "torch.ones(3)", "shape [3] for a progress of shape []"),
        ("schedule", "value(progress, hyper)", "nothing", "NameError in value, line 11"),
        ("activation", "apply(x, hyper)", "x.sum()", "shape [] for an input of shape [5]"),
        ("activation", "apply(x, hyper)", "x if x.sum() > 0 else -x", "a Python branch on a tensor"),
        ("initializer", "draw(shape, generator, hyper)", "torch.zeros(shape[0])", "shape [4] for a weight"),
        ("initializer", "draw(shape, generator, hyper)", "shape[9]", "IndexError in draw, line 11"),
    ],
)
def test_a_schedule_activation_or_initializer_is_tried_too(kind, form, returned, said, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import torch\nfrom typing import NamedTuple\nfrom shoal.techniques.card import Card, Domain\n\n\n"
        "class Hyper(NamedTuple):\n    scale: float = 1.0\n\n\n"
        f"def {form}:\n    return {returned}\n\n\n"
        'CARD = Card(summary="mine", paper="none", domain={"scale": Domain(0.0)})\n'
    )
    with pytest.raises(UserError) as refused:
        catalogue.find(kind, str(file))
    assert said in str(refused.value)


@pytest.mark.parametrize(("old", "new", "said"), BREACHES.values(), ids=BREACHES)
def test_a_breach_is_named(old, new, said, tmp_path):
    assert RULE.count(old) == 1
    file = tmp_path / "mine.py"
    file.write_text(RULE.replace(old, new))
    with pytest.raises(UserError) as refused:
        catalogue.find("optimizer", str(file))
    assert said in str(refused.value) and "docs/add-a-technique.md" in str(refused.value)


def test_the_example_passes(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(RULE)
    assert catalogue.find("optimizer", str(file)).CARD.parent == "momentum"


STOPS = Path(catalogue.find("controller", "early_stopping").__file__).read_text()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("return state", "observe returned State, not (state, Decision)"),
        ("return state, (1.0, False, True)", "observe returned tuple, not (state, Decision)"),
        ("raise ValueError('no')", "ValueError in observe"),
    ],
)
def test_a_controller_is_tried_too(wrong, said, tmp_path):
    file = tmp_path / "mine.py"
    head, _, body = STOPS.partition("def observe(")
    signature, _, rest = body.partition(":\n")
    signature = f"{signature}:\n"
    file.write_text(f"{head}def observe({signature}    {wrong}\n{rest}")
    with pytest.raises(UserError) as refused:
        catalogue.find("controller", str(file))
    assert said in str(refused.value)


def test_an_initializer_of_ones_own_scales_no_branches(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(Path(catalogue.find("initializer", "zero_residual").__file__).read_text())
    with pytest.raises(UserError, match="first_scale is for shoal's own initializers"):
        catalogue.find("initializer", str(file))
