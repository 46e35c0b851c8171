"""Which optimizer helps your own network on your own tensors?

python examples/own_module.py [SECONDS]
"""

import sys

import torch
from torch import nn

import shoal


class TwoPaths(nn.Module):
    """A network that shoal does not know: a linear path beside a deep one."""

    def __init__(self) -> None:
        super().__init__()
        self.straight = nn.Linear(8, 2)
        self.deep = nn.Sequential(nn.Linear(8, 24), nn.Tanh(), nn.Linear(24, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.straight(x) + self.deep(x)


def rings(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Points in eight dimensions and whether they lie outside a ball that halves them."""
    x = torch.randn(rows, 8, generator=torch.Generator().manual_seed(0))
    radius = x.norm(dim=1)
    return x, (radius > radius.median()).long()


def main() -> None:
    budget = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    x, y = rings(1000)
    result = shoal.compare((x, y, TwoPaths()), vary="optimizer=adam,momentum,sgd", budget=budget)
    print(result)


if __name__ == "__main__":
    main()
