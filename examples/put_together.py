"""Does another rule for the hidden layers help, and does a switch of rules beat its parts?

python examples/put_together.py [MEMBER_STEPS]

A split, matrix:lion|adam, moves the hidden layers' matrices by Lion and the rest by Adam; a switch,
sgd>adam@0.3, begins with SGD. Each is the baseline of its parts, all tuned alike: worse ones it beats.
Takes 60 s for each, or so many member-steps.
"""

import sys

import shoal

QUESTIONS = {
    "split": ("matrix:lion|adam", ["lion", "adam"]),
    "switch": ("sgd>adam@0.3", ["sgd", "adam"]),
}


def answer(whole: str, parts: list[str], **length) -> None:
    arms = {name: f"optimizer={name}" for name in (whole, *parts)}
    result = shoal.compare("digits", arms=arms, **length)
    print(result)
    found = {arm.name: arm for arm in result.arms if arm.name != whole}
    for name, arm in found.items():
        low, high = arm.difference_interval
        print(f"{name} against {whole}: {arm.verdict}, difference in [{low:+.4f}, {high:+.4f}]")
    verdicts = {name: arm.verdict for name, arm in found.items()}
    level = [name for name, verdict in verdicts.items() if verdict in ("better", "same")]
    if level:
        print(f"{whole} does not beat {' or '.join(level)}")
    elif "undecided" in verdicts.values():
        print(f"{whole}: this budget does not tell")
    else:
        print(f"{whole} beats its parts")


def main() -> None:
    length = {"work": int(sys.argv[1])} if len(sys.argv) > 1 else {"budget": "60s"}
    for name, (whole, parts) in QUESTIONS.items():
        answer(whole, parts, out=name, resume="never", **length)


if __name__ == "__main__":
    main()
