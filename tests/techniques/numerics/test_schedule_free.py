"""Schedule-free averaging against its three sequences written out."""

import torch

from shoal.techniques.numerics import schedule_free


def test_lr_rises_in_a_line_up_to_the_last_step_of_the_warmup():
    def warmed(warmup_steps):
        return [
            float(schedule_free.warmed(2.0, torch.tensor(step), warmup_steps))
            for step in (1.0, 2.0, 4.0, 9.0)
        ]

    assert warmed(4.0) == [0.5, 1.0, 2.0, 2.0] and warmed(0.0) == [2.0] * 4


def test_no_weight_gives_no_share():
    share, total = schedule_free.share(torch.tensor(1.0), torch.tensor(0.0), torch.tensor(0.0), 0.0, 2.0)
    assert share == total == 0


def test_two_kept_sequences_are_the_three_of_the_paper():
    generator = torch.Generator().manual_seed(0)
    x = y = z = far = torch.ones(5, dtype=torch.float64)
    total, most, beta = torch.zeros((), dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64), 0.7
    weights = 0.0
    for step in range(1, 31):
        lr, direction = torch.rand(2, 5, dtype=torch.float64, generator=generator)
        lr = lr[0]
        most = torch.maximum(most, lr)
        weight = step**0.5 * float(most) ** 1.5
        weights += weight
        count = torch.tensor(float(step), dtype=torch.float64)
        share, total = schedule_free.share(count, most, total, 0.5, 1.5)
        change, z = schedule_free.move(y, z, direction, lr, share, beta)
        y = y + change
        far = far - lr * direction
        x = x + (far - x) * weight / weights
        torch.testing.assert_close(y, (1 - beta) * far + beta * x, rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(schedule_free.average(y, z, beta), x, rtol=1e-12, atol=1e-13)
