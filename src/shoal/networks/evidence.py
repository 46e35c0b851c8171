"""What training rows say of each term: how much likelier it is in one class than in the others.

    r[t, k] = ln( p[t, k] / Σₜ p[t, k] ) - ln( q[t, k] / Σₜ q[t, k] )
    p[t, k] = 1 + rows of class k that hold t,   q[t, k] = 1 + rows of other classes that hold t

Where targets are numbers, r[t] is the sum of the targets of the rows that hold t over one more than these
are. Term 0 is filling; of it, and of terms in no row, r is 0.
Wang & Manning 2012, Baselines and bigrams: simple, good sentiment and topic classification, ACL.
Differs from the paper: any number of classes, each against all others, and numbers.
"""

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor

ROWS_AT_ONCE = 4096


def evidence(
    terms: Int64[Tensor, "rows terms"], y: Shaped[Tensor, "rows *outputs"], size: int, outputs: int
) -> Float[Tensor, "size outputs"]:
    """r as float32. terms: below ``size``, 0 for none; y: classes, or numbers [rows, outputs]."""
    rows = torch.zeros(size, dtype=torch.float64)
    sums = torch.zeros(size, outputs, dtype=torch.float64)
    for some, own in zip(terms.split(ROWS_AT_ONCE), y.split(ROWS_AT_ONCE), strict=True):
        once = distinct(some)
        rows += torch.bincount(once.flatten(), minlength=size)
        if y.is_floating_point():
            for output in range(outputs):
                weights = own[:, output, None].double().expand_as(once).flatten()
                sums[:, output] += torch.bincount(once.flatten(), weights, minlength=size)
        else:
            both = once * outputs + own[:, None]
            sums += torch.bincount(both.flatten(), minlength=size * outputs).view(size, outputs)
    there = (rows > 0) & (torch.arange(size) > 0)
    if y.is_floating_point():
        found = sums / (rows[:, None] + 1)
    else:
        inside = torch.where(there[:, None], 1 + sums, 0)
        beside = torch.where(there[:, None], 1 + rows[:, None] - sums, 0)
        found = (inside / inside.sum(0)).log() - (beside / beside.sum(0)).log()
    return torch.where(there[:, None], found, 0).float()


def distinct(terms: Int64[Tensor, "rows terms"]) -> Int64[Tensor, "rows terms"]:
    """The terms of each row in rising order, each once; 0 in place of its further ones."""
    # traces of a sort that is not stable, and of filling up before a shift, hold for one number of members
    ordered = terms.sort(dim=1, stable=True).values
    again = (ordered == ordered.roll(1, 1)) & (torch.arange(terms.shape[1], device=terms.device) > 0)
    return torch.where(again, 0, ordered)
