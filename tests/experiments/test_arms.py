"""Arms: what each tunes, how they are named when axes cross, and what may not stand side by side."""

import pytest

from shoal import catalogue
from shoal.errors import UserError
from shoal.experiments.arms import DIMENSIONS, MOST, arm, build, cross, told
from shoal.experiments.axes import asked_for, axis_of
from shoal.experiments.trials import points
from shoal.population.recipe import Recipe

from .simulated import task


def crossed(*axes, base=None, start=None):
    asked = asked_for(list(axes))
    return cross({axis: values for axis, values in asked.items() if values}, base or {}, start or Recipe())


def test_lr_and_weight_decay_are_tuned_for_every_arm():
    spaces = {one.name: list(one.space) for one in build(axis_of("optimizer"), ["adam", "adamw"], Recipe())}
    assert spaces == {"adam": ["adam.lr", "l2.coefficient"], "adamw": ["adamw.lr", "adamw.weight_decay"]}


def test_what_the_recipe_fixes_is_not_tuned():
    arms = build(axis_of("batch_size"), [16, 32], Recipe(hyper={"adam.lr": 0.01}))
    assert all(list(one.space) == ["l2.coefficient"] and not one.rates for one in arms)


def test_a_regularizer_that_is_turned_on_by_name_is_tuned_and_one_with_a_number_is_not():
    by_name, by_number = arm("a", {"regularizer": "dropout"}, Recipe()), arm("b", {"dropout": 0.3}, Recipe())
    assert list(by_name.space) == ["adam.lr", "l2.coefficient", "dropout.rate"]
    assert by_name.space["dropout.rate"].range == catalogue.find("regularizer", "dropout").CARD.ranges["rate"]
    assert by_name.at({"dropout.rate": 0.25}, 1.0).hyper["dropout.rate"] == 0.25
    assert list(by_number.space) == ["adam.lr", "l2.coefficient"]
    assert by_number.at({}, 1.0).hyper == {"dropout.rate": 0.3}


def test_none_beside_the_nuisance_penalty():
    none = build(axis_of("regularizer"), ["none"], Recipe(hyper={"dropout.rate": 0.5}))[0]
    assert none.recipe.hyper == {} and "l2.coefficient" in none.space


def test_a_switch_tunes_the_lr_of_both_rules():
    one = arm("switch", {"optimizer": "sgd>adamw@0.3"}, Recipe())
    assert one.rates == ("sgd.lr", "adamw.lr")
    assert list(one.space) == ["sgd.lr", "adamw.lr", "adamw.weight_decay"]
    fixed = arm("switch", {"optimizer": "sgd>adamw@0.3", "adamw.lr": "0.1"}, Recipe())
    assert fixed.rates == ("sgd.lr",)


def test_auto_frees_what_the_base_fixes():
    assert arm("a", {"lr": "0.1"}, Recipe()).rates == ()
    assert arm("a", {"lr": "auto"}, Recipe(hyper={"adam.lr": 0.1})).rates == ("adam.lr",)
    assert "dropout.rate" in arm("a", {"dropout.rate": "auto"}, Recipe()).space


def test_auto_of_what_is_not_tuned_is_refused():
    with pytest.raises(UserError, match=r"adam\.beta2 of arm a is not tuned in a comparison"):
        arm("a", {"adam.beta2": "auto"}, Recipe())


def test_a_length_that_was_told_stays():
    assert arm("a", {"epochs": "7"}, Recipe()).at({}, 99.0).epochs == 7.0
    assert arm("a", {}, Recipe()).at({}, 99.0).epochs == 99.0


def test_crossed_axes_make_every_combination_with_short_names():
    arms = crossed("optimizer=adam,sgd", "width=16,32", "normalization=none,batch_norm", "residual=true")
    assert [one.name for one in arms][:4] == [
        "adam · width 16 · normalization none · residual true",
        "adam · width 16 · batch_norm · residual true",
        "adam · width 32 · normalization none · residual true",
        "adam · width 32 · batch_norm · residual true",
    ]
    assert len({one.name for one in arms}) == len(arms) == 8
    told = [(one.recipe.optimizer, one.recipe.width, one.recipe.normalization) for one in arms]
    assert len(set(told)) == 8 and all(one.recipe.residual for one in arms)


def test_an_lr_is_set_in_the_optimizer_it_is_crossed_with():
    arms = crossed("lr=0.1,0.01", "optimizer=adam,sgd")
    assert [dict(one.recipe.hyper) for one in arms] == [
        {"adam.lr": 0.1}, {"sgd.lr": 0.1}, {"adam.lr": 0.01}, {"sgd.lr": 0.01},
    ]  # fmt: skip
    assert arms[0].name == "lr 0.1 · adam"


def test_the_base_holds_in_every_arm():
    arms = crossed("width=16,32", base={"optimizer": "sgd", "depth": "5", "lr": "0.5"})
    assert {(one.recipe.optimizer, one.recipe.depth, one.rates) for one in arms} == {("sgd", 5, ())}


def test_too_many_arms_are_counted():
    widths = ",".join(map(str, range(1, 12)))
    with pytest.raises(UserError, match=f"11 width × 11 depth are 121 arms, more than the {MOST}"):
        crossed(f"width={widths}", f"depth={widths}")


def test_the_same_recipe_twice_is_refused():
    with pytest.raises(UserError, match="arms none and l2 are the same recipe"):
        crossed("regularizer=none,l2")
    with pytest.raises(UserError, match="arms a and b are the same recipe"):
        told({"a": {"optimizer": "adam"}, "b": {"width": 64}}, {}, Recipe(), task())
    assert crossed("regularizer=none,l2", base={"optimizer": "adamw"})


def test_an_arm_alone_is_compared_with_the_default():
    arms = told({"mine": {"optimizer": "sgd"}}, {"width": 8}, Recipe(), task())
    assert [(one.name, one.recipe.optimizer, one.recipe.width) for one in arms] == [
        ("default", "adam", 8),
        ("mine", "sgd", 8),
    ]
    with pytest.raises(UserError, match="needs another name"):
        told({"default": {"optimizer": "sgd"}}, {}, Recipe(), task())


def test_more_dimensions_than_can_be_tuned_together_are_refused():
    on = [each["name"] for each in catalogue.describe("regularizer") for one in each["hyper"].values()
          if one["low"] is not None and each["name"] != "l2"]  # fmt: skip
    assert len(on) + 2 > DIMENSIONS
    with pytest.raises(UserError, match=f"arm a has .* hyperparameters to tune, more than {DIMENSIONS}"):
        arm("a", {"regularizer": "+".join(on)}, Recipe(residual=True))


def test_every_dimension_is_searched():
    on = [each["name"] for each in catalogue.describe("regularizer") if each["name"] != "l2"][:5]
    one = arm("a", {"regularizer": "+".join(on), "optimizer": "sgd>adam@0.3>rmsprop@0.5"}, Recipe())
    assert all(set(point) == set(one.space) for point in points(one, 8))
    assert all(len({point[name] for point in points(one, 8)}) == 8 for name in one.space)


def test_every_branch_and_every_link_is_tuned_by_itself():
    one = arm("a", {"optimizer": "matrix:sam+lion|bias-norm:sgd|adam+lookahead"}, Recipe())
    assert list(one.space) == [
        "matrix.lion.lr", "bias-norm.sgd.lr", "adam.lr", "matrix.lion.weight_decay",
        "matrix.sam.rho", "lookahead.k", "lookahead.alpha",
    ]  # fmt: skip
    assert one.rates == ("matrix.lion.lr", "bias-norm.sgd.lr", "adam.lr")
    assert one.space["matrix.lion.lr"].default == catalogue.find("optimizer", "lion").Hyper().lr


def test_a_link_does_not_take_the_place_of_the_weight_penalty():
    assert list(arm("a", {"optimizer": "sam+sgd"}, Recipe()).space) == ["sgd.lr", "l2.coefficient", "sam.rho"]
    assert "l2.coefficient" not in arm("a", {"optimizer": "adamw+cautious"}, Recipe()).space


def test_a_number_of_a_branch_that_is_set_is_not_tuned():
    told = {"optimizer": "matrix:adam|adam", "matrix.adam.lr": "0.5", "adam.beta2": "0.9"}
    one = arm("a", told, Recipe())
    assert list(one.space) == ["adam.lr", "l2.coefficient"]
    assert one.recipe.hyper == {"matrix.adam.lr": 0.5, "adam.beta2": 0.9}


@pytest.mark.parametrize("optimizer", ["norm:sgd|adam", "sgd>bias-embedding:sgd|adam@0.5"])
def test_a_role_that_the_network_has_not_is_refused_before_training(optimizer):
    with pytest.raises(
        UserError, match=r"has a rule for .*, and the network has only parameters of"
    ) as caught:
        arm("a", {"optimizer": optimizer}, Recipe(), task())
    assert "matrix, bias, head" in str(caught.value)
    if "norm" in optimizer:
        arm("a", {"optimizer": optimizer, "normalization": "layer_norm"}, Recipe(), task())


def test_a_rate_that_the_base_fixes_is_never_copied_to_another_optimizer():
    arms = crossed("optimizer=adam,sgd", base={"lr": "0.5", "dropout": "0.2"})
    assert [one.rates for one in arms] == [(), ("sgd.lr",)]
    assert arms[1].recipe.hyper_of("sgd") == {} and arms[1].recipe.hyper["dropout.rate"] == 0.2
    start = Recipe(hyper={"adam.beta2": 0.9})
    adam, _ = crossed("optimizer=adam,sgd", start=start)
    assert adam.recipe.hyper_of("adam") == {"beta2": 0.9}


def test_what_an_arms_optimizer_fixes_overrides_the_base():
    assert crossed("optimizer=adam,gradient_descent", base={"batch_size": "32"})[1].recipe.batch_size == "all"


def test_a_regularizer_of_the_base_stays_tuned_beside_another():
    one = arm("a", {"regularizer": "dropout+l1"}, Recipe(), base={"regularizer": "dropout"})
    assert {"dropout.rate", "l1.coefficient"} <= set(one.space)
    told_after = arm("a", {"dropout.rate": "0.3"}, Recipe(), base={"regularizer": "dropout"})
    assert "dropout.rate" not in told_after.space and told_after.recipe.hyper == {"dropout.rate": 0.3}
    fixed = arm("a", {"regularizer": "dropout"}, Recipe(), base={"dropout.rate": "0.3"})
    assert "dropout.rate" not in fixed.space and fixed.recipe.hyper == {"dropout.rate": 0.3}
