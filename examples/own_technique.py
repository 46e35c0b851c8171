"""Two optimizers of your own against Adam: signum.py in shoal's form, and a torch.optim class, the one below.

python examples/own_technique.py [MEMBER_STEPS]

Trains for 60 s, or for so many member-steps. On the command line:
shoal compare breast-cancer --vary optimizer=adam,examples/signum.py,examples/own_technique.py:NormalizedSGD
"""

import sys
from pathlib import Path

import torch

import shoal

HERE = Path(__file__).resolve()


class NormalizedSGD(torch.optim.Optimizer):
    """Steps of length lr for each parameter, however long its gradient is."""

    def __init__(self, params, lr: float = 0.01, eps: float = 1e-8) -> None:
        super().__init__(params, {"lr": lr, "eps": eps})

    @torch.no_grad()
    def step(self, closure=None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    length = parameter.grad.norm() + group["eps"]
                    parameter.sub_(group["lr"] * parameter.grad / length)


def main() -> None:
    length = {"work": int(sys.argv[1])} if len(sys.argv) > 1 else {"budget": "60s"}
    mine = [str(HERE.with_name("signum.py")), f"{HERE}:NormalizedSGD"]
    result = shoal.compare("breast-cancer", vary={"optimizer": ["adam", *mine]}, **length)
    print(result)
    for arm in result.arms:
        print(arm.words)
    print("Change in your code:", *result.change, sep="\n")


if __name__ == "__main__":
    main()
