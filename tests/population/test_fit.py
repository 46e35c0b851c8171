"""One fitted network: the member of a comparison, with the weights as they were scored."""

import time

import pytest
import torch
from torch.func import functional_call

from population.members import Own, Recurrent, table
from shoal.population import fit as fit_
from shoal.population.fit import fit
from shoal.population.programs import Programs
from shoal.population.recipe import Job, Recipe
from shoal.population.template import build
from shoal.population.train import StoppedError
from shoal.population.workers import PopulationTrainer

SHORT = Recipe(width=12, epochs=3, batch_size=16)
TRACED = Programs()


def again(task, recipe, fitted, seed):
    """The test outputs of the fitted weights, by a module of its own in evaluation mode."""
    module = build(recipe, task.features, task.outputs, task.network).eval()
    prepared = task.prepare(seed)
    with torch.no_grad():
        return functional_call(module, fitted.weights, (prepared.x[prepared.test],))


RECIPES = {
    "plain": (SHORT, {}),
    "batch normalization and dropout": (
        Recipe(width=12, epochs=3, normalization="batch_norm", hyper={"dropout.rate": 0.3}), {},
    ),
    "averaged weights": (SHORT.with_hyper(ema__decay=0.9), {}),
    "averaged statistics": (
        Recipe(width=12, epochs=3, normalization="batch_norm", hyper={"swa.start": 0.5}), {},
    ),
    "noisy weights": (SHORT.with_hyper(weight_noise__std=0.2, max_norm__max_norm=1.0), {}),
    "rows and slopes": (Recipe(width=12, epochs=3, normalization="layer_norm", activation="prelu"), {}),
    "gates and calibrated weights": (
        Recipe(width=12, epochs=3, activation="swiglu", initializer="lsuv"), {},
    ),
    "numbers": (SHORT, {"classes": None}),
    "an own network": (Recipe(network="own", initializer="own", epochs=3), {"network": Own}),
    "an own network without vmap": (
        Recipe(network="own", initializer="own", epochs=1), {"network": Recurrent, "features": (5, 4)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RECIPES)
def test_the_weights_give_the_outputs_and_the_score_that_were_measured(case):
    recipe, settings = RECIPES[case]
    task = table(**settings)
    fitted = fit(task, recipe, 4, programs=TRACED)
    torch.testing.assert_close(fitted.test_outputs, again(task, recipe, fitted, 4), rtol=1e-5, atol=1e-6)
    prepared = task.prepare(4)
    truth = prepared.y[prepared.test]
    if task.kind == "classification":
        score = (fitted.test_outputs.argmax(1) == truth).double().mean()
    else:
        score = (fitted.test_outputs - truth).double().square().mean().sqrt() * prepared.scale
    assert fitted.outcome.test_score == pytest.approx(float(score), rel=1e-6)
    assert all(value.device.type == "cpu" and not value.requires_grad for value in fitted.weights.values())


def test_it_is_the_member_of_a_comparison():
    task = table()
    job = Job("evaluate/adam/2", SHORT, 2)
    others = [Job(f"evaluate/adam/{seed}", SHORT, seed) for seed in (0, 1)]
    trainer = PopulationTrainer(task, workers=1, compiling=False)
    (member,) = [one for one in trainer.train("evaluate", [*others, job]) if one.name == job.name]
    outcome = fit(task, SHORT, 2, programs=TRACED).outcome
    assert outcome.steps == member.steps and outcome.test_score == member.test_score
    assert outcome.valid_loss == pytest.approx(member.valid_loss, rel=1e-4)


def test_the_weights_are_those_that_the_controller_kept():
    """With so high a rate that validation gets worse, the kept weights are those of an earlier epoch."""
    task = table()
    recipe = Recipe(width=12, epochs=12, batch_size=16, controller="early_stopping")
    recipe = recipe.with_hyper(adam__lr=0.3, early_stopping__patience=3)
    fitted = fit(task, recipe, 0, programs=TRACED)
    assert fitted.outcome.steps < 12 * 4
    torch.testing.assert_close(fitted.test_outputs, again(task, recipe, fitted, 0), rtol=1e-5, atol=1e-5)
    last = fit(
        task, Recipe(width=12, epochs=fitted.outcome.steps / 4, batch_size=16).with_hyper(adam__lr=0.3), 0
    )
    assert last.outcome.steps == fitted.outcome.steps
    assert last.outcome.valid_loss > fitted.outcome.valid_loss


def test_progress_is_told_and_ends_with_all_steps(monkeypatch):
    monkeypatch.setattr(fit_, "_SHOWN", 0.0)
    heard = []
    outcome = fit(table(), SHORT, 0, on_progress=heard.append, programs=TRACED).outcome
    assert heard[-1].finished == 1 and heard[-1].member_steps == outcome.steps
    steps = [one.member_steps for one in heard]
    assert steps == sorted(steps) and len(steps) > 3


def test_a_deadline_that_cannot_be_kept_ends_the_training_early(monkeypatch):
    monkeypatch.setattr(fit_, "_MEASURED", 0.02)
    began = time.monotonic()
    with pytest.raises(StoppedError):
        fit(table(), Recipe(width=12, epochs=1e6), 0, deadline=began + 60, programs=TRACED)
    assert time.monotonic() - began < 20
    with pytest.raises(StoppedError):
        fit(table(), SHORT, 0, deadline=began - 1, programs=TRACED)


def test_ctrl_c_ends_it_and_the_threads_are_as_they_were():
    before = torch.get_num_threads()
    torch.set_num_threads(2)

    def interrupt(progress):
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            fit(table(), Recipe(width=12, epochs=1e6), 0, on_progress=interrupt, programs=TRACED)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_fewer_training_rows_are_fewer_steps_and_end_in_time():
    recipe = Recipe(width=12, epochs=4, batch_size=8, train_size=16)
    outcome = fit(table(), recipe, 0, deadline=time.monotonic() + 60, programs=TRACED).outcome
    assert outcome.steps == 8


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_told():
    with pytest.raises(ValueError, match="CUDA"):
        fit(table(), SHORT, 0, device="cuda")
