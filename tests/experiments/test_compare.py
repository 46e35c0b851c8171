"""The protocol from end to end, with networks that are formulas."""

import subprocess
import sys

import pytest

from shoal import UserError, compare

from .simulated import SimulatedTrainer, task


def test_a_known_better_arm_is_found_and_a_known_worse_one_too():
    trainer = SimulatedTrainer({"adam": 0.85, "sgd": 0.80, "rmsprop": 0.90})
    result = compare(task(), "optimizer=adam,sgd,rmsprop", work=2_000_000, trainer=trainer)
    words = {arm.name: arm.verdict for arm in result.arms}
    assert words == {"adam": "baseline", "sgd": "worse", "rmsprop": "better"}


def test_importing_shoal_does_not_import_torch():
    code = "import sys, shoal; shoal.UserError; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_budget_and_work_exclude_each_other():
    with pytest.raises(UserError, match="not both"):
        compare(task(), budget="3s", work=1000, trainer=SimulatedTrainer())
