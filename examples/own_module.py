"""Your own network and loader: a module of two inputs, batches as dictionaries.

python examples/own_module.py [MEMBER_STEPS]

Trains for 60 s, or for so many member-steps.
"""

import sys

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import shoal


class Messages(Dataset):
    """Token numbers and the hour they were sent; the label says whether one word is used by day."""

    def __init__(self, rows: int) -> None:
        chance = torch.Generator().manual_seed(0)
        self.tokens = torch.randint(1, 20, (rows, 8), generator=chance)
        self.hour = torch.rand(rows, 1, generator=chance) * 24
        self.labels = ((self.tokens[:, 0] > 10) & (self.hour[:, 0] > 8)).long()

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, row: int) -> dict[str, Tensor]:
        return {"tokens": self.tokens[row], "hour": self.hour[row], "labels": self.labels[row]}


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(20, 8)
        self.text = nn.Linear(64, 24)
        self.time = nn.Linear(1, 24)
        self.head = nn.Sequential(nn.LayerNorm(24), nn.ReLU(), nn.Dropout(0.1), nn.Linear(24, 2))

    def forward(self, tokens: Tensor, hour: Tensor) -> Tensor:
        return self.head(self.text(self.words(tokens).flatten(1)) + self.time(hour / 24))


def main() -> None:
    length = {"work": int(sys.argv[1])} if len(sys.argv) > 1 else {"budget": "60s"}
    loader = DataLoader(Messages(1000), batch_size=32, shuffle=True)
    task = shoal.Task(Reader, train=loader, name="messages")
    result = shoal.compare(task, vary="optimizer=adam,adamw,sgd", **length)
    print(result)

    batch = next(iter(loader))
    network = shoal.load(result.folder, network=Reader).network  # the Reader, trained
    share = (network(batch["tokens"], batch["hour"]).argmax(1) == batch["labels"]).float().mean()
    print(f"the network that was saved is right on {share:.0%} of a batch")


if __name__ == "__main__":
    main()
