"""An optimizer comparison for a paper: whole recipes, fixed work, raw numbers, a plan to run again.

python examples/optimizer_paper.py [MEMBER_STEPS]

Member-steps are counted and no clock decides anything, so on one machine the second run gives the same
numbers. Writes the folders paper and again.
"""

import sys
from pathlib import Path

import shoal

ARMS = {
    "sgd": "optimizer=sgd schedule=cosine",
    "momentum": "optimizer=momentum schedule=cosine",
    "adam": "optimizer=adam schedule=constant",
    "switch": "optimizer=adam>sgd@0.5 schedule=cosine",
}


def main() -> None:
    work = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    result = shoal.compare("wine", arms=ARMS, work=work, trials=4, seeds=10, out="paper", resume="never")
    print(result)
    for arm in result.arms:
        low, high = arm.difference_interval
        print(f"{arm.name}: {arm.mean:.4f}, difference in [{low:+.4f}, {high:+.4f}], p {arm.p_corrected:.3f}")

    for name in ("scores.csv", "curves.csv", "plan.toml"):
        print(f"paper/{name}: {len(Path('paper', name).read_text().splitlines())} lines")

    again = shoal.compare(plan="paper/plan.toml", out="again", resume="never")
    scores = [[arm.scores for arm in one.arms] for one in (result, again)]
    print("the plan, run again, gives", "the same scores" if scores[0] == scores[1] else "other scores")


if __name__ == "__main__":
    main()
