"""Is a step of a class of shoal.optim as fast as the same rule elsewhere?

    python benchmarks/optimizer_speed.py --out records/<date>_optimizer-speed
    python benchmarks/optimizer_speed.py --rounds 3 --only LAMB Adam        # a quick look

Two threads, float32, gradients set beforehand, the same on both sides: only ``step`` is timed. The sides
alternate, each from its start, and the median over rounds of the ratio of their times in a round counts.
"""

import argparse
import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import machine
import torch
from torch import Tensor

import shoal.optim

THREADS = 2
STILL = {"growth_rate": 1.0}  # a gradient that never changes would let the distance grow without end
DECAY = {"weight_decay": 0.01}


class Rival(NamedTuple):
    """A class of another package with the keywords that make it do what ours does with ``ours``."""

    title: str
    theirs: str
    ours: Mapping[str, Any] = MappingProxyType({})
    others: Mapping[str, Any] = MappingProxyType({})


RIVALS = (
    Rival("SGD", "torch.optim.SGD"),
    Rival("Adam", "torch.optim.Adam"),
    Rival("AdamW", "torch.optim.AdamW"),
    Rival("Adagrad", "torch.optim.Adagrad"),
    Rival("SGD", "torch.optim.SGD", {"momentum": 0.9} | DECAY, {"momentum": 0.9} | DECAY),
    Rival("GradientDescent", "torch.optim.SGD", {}, {"lr": 0.1}),
    Rival("Momentum", "torch.optim.SGD", {}, {"lr": 0.01, "momentum": 0.9}),
    Rival("Nesterov", "torch.optim.SGD", {}, {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    Rival("AMSGrad", "torch.optim.Adam", {}, {"amsgrad": True}),
    Rival("Adadelta", "torch.optim.Adadelta"),
    Rival("Adafactor", "torch.optim.Adafactor"),
    Rival("Adamax", "torch.optim.Adamax"),
    Rival("NAdam", "torch.optim.NAdam"),
    Rival("RAdam", "torch.optim.RAdam"),
    Rival("RMSprop", "torch.optim.RMSprop"),
    Rival("Rprop", "torch.optim.Rprop"),
    Rival("ADOPT", "pytorch_optimizer.ADOPT"),
    Rival("AdEMAMix", "pytorch_optimizer.AdEMAMix"),
    Rival("AdaBelief", "pytorch_optimizer.AdaBelief"),
    Rival("Adan", "pytorch_optimizer.Adan"),
    Rival("LAMB", "pytorch_optimizer.Lamb", DECAY, {"max_grad_norm": 0.0} | DECAY),
    Rival("LARS", "pytorch_optimizer.LARS", DECAY, {"lr": 1.0} | DECAY),
    Rival("Lion", "pytorch_optimizer.Lion", DECAY, DECAY),
    Rival("MARS", "pytorch_optimizer.MARS", DECAY, {"optimize_1d": True} | DECAY),
    Rival("AdamWScheduleFree", "pytorch_optimizer.ScheduleFreeAdamW"),
    Rival("AdamWScheduleFree", "schedulefree.AdamWScheduleFree"),
    Rival("SGDScheduleFree", "pytorch_optimizer.ScheduleFreeSGD"),
    Rival("SGDScheduleFree", "schedulefree.SGDScheduleFree"),
    Rival("DAdaptAdam", "pytorch_optimizer.DAdaptAdam", STILL, STILL),
    Rival("DAdaptAdam", "dadaptation.DAdaptAdam", STILL, STILL),
    Rival("DAdaptSGD", "pytorch_optimizer.DAdaptSGD", {"momentum": 0.9} | STILL, {"momentum": 0.9} | STILL),
    Rival("DAdaptSGD", "dadaptation.DAdaptSGD", {"momentum": 0.9} | STILL, {"momentum": 0.9} | STILL),
    Rival("Prodigy", "pytorch_optimizer.Prodigy", {"d_coef": 1e-9}, {"d_coef": 1e-9}),
    Rival("Prodigy", "prodigyopt.Prodigy", {"d_coef": 1e-9}, {"d_coef": 1e-9}),
    Rival("DoG", "dog.DoG"),
    Rival("LDoG", "dog.LDoG"),
    Rival("Momo", "momo.Momo"),
    Rival("MomoAdam", "momo.MomoAdam"),
)


def language_model() -> list[tuple[int, ...]]:
    """160 tensors, 10,000,560 parameters: 13 transformer blocks of width 240, 2,029 words."""
    width, words = 240, 2029
    block = [(3 * width, width), (width, width), (4 * width, width), (width, 4 * width)]
    vectors = [(one[0],) for one in block] + [(width,)] * 4
    return [(words, width), *(block + vectors) * 13, (width,), (width,), (words, width)]


def perceptron() -> list[tuple[int, ...]]:
    """20 small tensors: ten layers of 32 units."""
    return [(32, 32), (32,)] * 10


SIZES = {"large": language_model, "small": perceptron}


def network(shapes: Sequence[tuple[int, ...]]) -> torch.nn.ParameterList:
    """Parameters with gradients, the same ones at every call."""
    generator = torch.Generator().manual_seed(0)
    made = torch.nn.ParameterList(torch.randn(one, generator=generator) * 0.1 for one in shapes)
    for one in made:
        one.grad = torch.randn(one.shape, generator=generator) * 0.01
    return made


def our_step(rival: Rival, shapes: Sequence[tuple[int, ...]]) -> Callable[[], object]:
    """A step of ours, with a closure where the rule is one that asks for the loss."""
    optimizer = getattr(shoal.optim, rival.title)(network(shapes).parameters(), **rival.ours)
    return stepping(optimizer, rival)


def their_step(rival: Rival, shapes: Sequence[tuple[int, ...]]) -> Callable[[], object]:
    """A step of theirs. DoG's averaging of weights is part of ours, and stands beside theirs."""
    package, _, name = rival.theirs.rpartition(".")
    model = network(shapes)
    optimizer = getattr(importlib.import_module(package), name)(model.parameters(), **rival.others)
    if package == "schedulefree" or name.startswith("ScheduleFree"):
        optimizer.train()
    step = stepping(optimizer, rival)
    if package != "dog":
        return step
    averager = importlib.import_module("dog").PolynomialDecayAverager(model)
    return lambda: (step(), averager.step())


def stepping(optimizer: torch.optim.Optimizer, rival: Rival) -> Callable[[], object]:
    """``step`` with what both sides are given."""
    if not rival.title.startswith("Momo"):
        return optimizer.step
    loss = torch.ones(())

    def closure() -> Tensor:
        return loss

    return lambda: optimizer.step(closure)


def seconds(step: Callable[[], object], allowed: float) -> float:
    """Seconds a step, of as many as begin in ``allowed`` seconds."""
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < allowed:
        step()
        count += 1
    return (time.perf_counter() - started) / count


def measured(rival: Rival, size: str, rounds: int, allowed: float) -> dict[str, Any]:
    """Seconds a step of both sides in each round; who is first changes."""
    shapes = SIZES[size]()
    sides = [our_step(rival, shapes), their_step(rival, shapes)]
    for step in sides:
        for _ in range(3):
            step()
    pairs = []
    for number in range(rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        took = {side: seconds(sides[side], allowed) for side in order}
        pairs.append((took[0], took[1]))
    return described(rival) | {"size": size, "seconds_ours_theirs": pairs}


def described(rival: Rival) -> dict[str, Any]:
    """In JSON's types."""
    return rival._asdict() | {"ours": dict(rival.ours), "others": dict(rival.others)}


def ratio(one: dict[str, Any]) -> float:
    """Our time over theirs: the median of the ratios in a round."""
    return statistics.median(ours / theirs for ours, theirs in one["seconds_ours_theirs"])


def page(raw: Sequence[dict[str, Any]], command: str) -> str:
    """The verdict: which are slower, and a table."""
    slower = [f"{one['title']} ({one['theirs']}, {one['size']})" for one in raw if ratio(one) > 1]
    lines = ["# A step of shoal.optim against the same rule elsewhere", "", f"Command: `{command}`.", ""]
    lines += [f"Slower than the other side: {', '.join(slower) or 'none'}.", ""]
    lines += ["| class | ours | theirs | size | ours ms | theirs ms | ours ÷ theirs (lowest–highest) |"]
    lines += ["| - | - | - | - | -: | -: | -: |"]
    for one in raw:
        each = [ours / theirs for ours, theirs in one["seconds_ours_theirs"]]
        mine, its = (1e3 * statistics.median(side) for side in zip(*one["seconds_ours_theirs"], strict=True))
        call = f"{one['theirs']}({told(one['others'])})"
        lines.append(
            f"| {one['title']} | {told(one['ours'])} | {call} | {one['size']} | {mine:.3f} | {its:.3f} | "
            f"{ratio(one):.2f} ({min(each):.2f}–{max(each):.2f}) |"
        )
    return "\n".join([*lines, ""])


def told(keywords: Mapping[str, Any]) -> str:
    """Keywords as they are written in a call."""
    return ", ".join(f"{name}={value}" for name, value in keywords.items())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slice", type=float, default=0.1, help="seconds of a side in a round")
    parser.add_argument("--only", nargs="+", help="classes of shoal.optim")
    parser.add_argument("--out", type=Path, help="a folder for the record")
    asked = parser.parse_args()
    torch.set_num_threads(THREADS)
    command = " ".join(["python", *sys.argv])
    rivals = [one for one in RIVALS if asked.only is None or one.title in asked.only]
    plan = {"command": command, "threads": THREADS, "rounds": asked.rounds, "slice": asked.slice}
    plan |= {
        "sizes": {name: made() for name, made in SIZES.items()},
        "rivals": [described(one) for one in rivals],
    }
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        write(asked.out / "plan.json", plan)
        write(asked.out / "machine.json", machine.describe(None))
    raw: list[dict[str, Any]] = []
    for size in SIZES:
        for rival in rivals:
            raw.append(measured(rival, size, asked.rounds, asked.slice))
            print(f"{rival.title} {rival.theirs} {size} {ratio(raw[-1]):.2f}", file=sys.stderr, flush=True)
    if asked.out:
        write(asked.out / "raw.json", raw)
        (asked.out / "verdict.md").write_text(page(raw, command))
    print(page(raw, command))


def write(path: Path, what: object) -> None:
    """As JSON."""
    path.write_text(json.dumps(what, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
