"""Weights of the user's own: read, told where they do not fit, and where every member starts."""

import re
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

import shoal
from population.members import Own, alone, assert_same, begin, company, go_on, numbers, table
from shoal.errors import UserError
from shoal.population.recipe import Job, Recipe
from shoal.population.starting_weights import checked, first, started
from shoal.population.template import initial
from shoal.tasks.load import load

RECIPE = Recipe(width=8, depth=2, batch_size=16, epochs=20, normalization="batch_norm", optimizer="adam")
SHAPES = {
    "hidden.0.0.weight": (8, 6),
    "hidden.0.1.weight": (8,),
    "hidden.0.1.bias": (8,),
    "hidden.1.0.weight": (8, 8),
    "hidden.1.1.weight": (8,),
    "hidden.1.1.bias": (8,),
    "head.weight": (3, 8),
    "head.bias": (3,),
}
STATISTICS = {f"hidden.{layer}.1.state_{field}": (8,) for layer in (0, 1) for field in ("mean", "var")}


@pytest.fixture
def stored(tmp_path):
    """Writes tensors of these shapes, counting on from 1; returns the file and the tensors."""

    def write(shapes: dict[str, tuple[int, ...]], name: str = "mine.safetensors"):
        tensors: dict[str, Tensor] = {}
        at = 1
        for key, shape in shapes.items():
            many = torch.Size(shape).numel()
            tensors[key] = (torch.arange(at, at + many) / 300).reshape(shape)
            at += many
        safetensors.torch.save_file(tensors, tmp_path / name)
        return tmp_path / name, tensors

    return write


def flat(tensors: dict[str, Tensor]) -> Tensor:
    return torch.cat([tensors[name].reshape(-1) for name in SHAPES])


def test_every_member_starts_there_and_then_follows_its_own_data(stored):
    file, tensors = stored(SHAPES | STATISTICS)
    task = checked(started(table(), file), [RECIPE])
    assert task.notes[-1] == f"members start from {file}: 12 tensors are loaded"
    training = begin(task, [Job("one", RECIPE, 1), Job("two", RECIPE, 2)])
    for row in training.stack.flat:
        torch.testing.assert_close(row, flat(tensors).double(), rtol=0, atol=1e-7)
    for name in STATISTICS:
        assert torch.equal(training.stack.buffers[name][0].float(), tensors[name])
    go_on(training, 1)
    one, two = training.stack.flat
    assert (one != two).sum() > 100


def test_a_member_alone_is_the_member_in_company(stored):
    task = started(table(), stored(SHAPES | STATISTICS)[0])
    job = Job("subject", RECIPE, 3)
    together = go_on(begin(task, company(job, 3)), 6)
    assert_same(numbers(together.stack, "subject"), alone(task, job, 6))


def test_a_head_of_other_outputs_is_drawn_anew_and_told(stored):
    file, tensors = stored(SHAPES | STATISTICS | {"head.weight": (5, 8), "head.bias": (5,)})
    task = checked(started(table(), file), [RECIPE])
    assert task.notes[-1].endswith(
        "10 tensors are loaded; drawn anew, for another number of outputs: head.weight, head.bias"
    )
    found, _ = first(task, RECIPE, 4)
    drawn, _ = initial(task, RECIPE, 4)
    assert torch.equal(found[-27:], drawn[-27:]) and drawn[-27:].count_nonzero() == 24
    assert torch.equal(found[:48].reshape(8, 6), tensors["hidden.0.0.weight"])


def test_a_users_module_starts_from_its_own_state_dict(tmp_path):
    torch.manual_seed(7)
    module = Own()
    module.norm.running_mean.uniform_()
    module.norm.running_var.uniform_()
    file = tmp_path / "own.safetensors"
    safetensors.torch.save_file(module.state_dict(), file)  # with num_batches_tracked
    recipe = Recipe("own", initializer="own")
    found, buffers = first(started(table(network=Own), file), recipe, 1)
    assert torch.equal(found, nn.utils.parameters_to_vector(module.parameters()))
    assert torch.equal(buffers["norm.state_mean"], module.norm.running_mean)
    assert torch.equal(buffers["norm.state_var"], module.norm.running_var)


def test_the_artifact_of_a_training_is_a_start(tmp_path):
    shoal.train("wine", "epochs=1 width=4 depth=1", out=tmp_path / "first")
    stored = safetensors.torch.load_file(tmp_path / "first" / "weights.safetensors")
    found, _ = first(started(load("wine"), tmp_path / "first"), Recipe(width=4, depth=1), 0)
    names = ("hidden.0.0.weight", "hidden.0.0.bias", "head.weight", "head.bias")
    assert torch.equal(found, torch.cat([stored[name].reshape(-1) for name in names]))


def test_what_does_not_fit_is_named(stored):
    wrong = {name: shape for name, shape in (SHAPES | STATISTICS).items() if "hidden.1.1" not in name}
    wrong |= {"hidden.1.norm.weight": (8,), "hidden.0.0.weight": (9, 6), "head.weight": (3, 9)}
    task = started(table(), stored(wrong)[0])
    with pytest.raises(UserError) as error:
        checked(task, [RECIPE])
    said = str(error.value)
    assert "missing: 'hidden.1.1.weight' (there is 'hidden.1.norm.weight'), " in said
    assert " and 1 more; unexpected: 'hidden.1.norm.weight'; of another shape: " in said
    assert "'hidden.0.0.weight' [9, 6] (here [8, 6]), 'head.weight' [3, 9] (here [3, 8])" in said
    with pytest.raises(UserError, match="do not fit network mlp"):
        checked(started(table(), stored(SHAPES | STATISTICS)[0]), [RECIPE, replace(RECIPE, width=16)])


def test_the_fingerprint_is_of_data_and_weights(stored):
    task = table()
    one = started(task, stored(SHAPES)[0]).fingerprint
    other = started(task, stored({**SHAPES, "more": (2,)}, "other.safetensors")[0]).fingerprint
    assert len({task.fingerprint, one, other}) == 3
    assert started(task, stored(SHAPES)[0]).fingerprint == one


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.safetensors", None, "there are no weights .*none.safetensors; name a .safetensors file"),
        (
            "mine.pt",
            b"x",
            re.escape("save_file(torch.load('mine.pt', weights_only=True), 'mine.safetensors')"),
        ),
        ("bad.safetensors", b"\x05\0\0\0\0\0\0\0hello", "bad.safetensors are no .safetensors file"),
        ("empty.safetensors", safetensors.torch.save({}), "hold no tensors"),
        (
            "nan.safetensors",
            safetensors.torch.save({"a": torch.tensor([1.0, float("nan")])}),
            "'a' holds NaN or infinity",
        ),
    ],
)
def test_bad_files_are_told(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said):
        started(table(), tmp_path / name)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("shoal.population.starting_weights.MOST_BYTES", 10)
    (tmp_path / "large.safetensors").write_bytes(bytes(11))
    with pytest.raises(UserError, match=r"have 11 bytes, more than 10"):
        started(table(), tmp_path / "large.safetensors")
