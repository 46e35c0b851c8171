"""Chest X-rays, pneumonia or not: what helps a small convolutional network, judged as a hospital would.

python examples/chest_xray.py [pneumoniamnist.npz] [MEMBER_STEPS]

Any .npz in MedMNIST's layout (train_images, train_labels, val_..., test_...) of two classes; without one,
invented images are written to xrays.npz. Trains for five minutes, or for so many member-steps.
"""

import sys

import numpy as np

import shoal


def invented(rows: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two lungs, dark, in a chest; a third of them with a bright blur in one lung, and much noise."""
    sick = (chance.random(rows) < 1 / 3).astype(np.uint8)
    across, down = np.meshgrid(np.arange(16), np.arange(16))
    lungs = (abs(across - 4) < 3) | (abs(across - 11) < 3)
    image = np.where(lungs & (down > 2) & (down < 13), 60.0, 160.0) + chance.normal(0, 25, (rows, 16, 16))
    x = chance.choice([4, 11], rows) + chance.normal(0, 1, rows)
    y = chance.uniform(5, 11, rows)
    distance = (across - x[:, None, None]) ** 2 + (down - y[:, None, None]) ** 2
    image += (sick * chance.uniform(10, 90, rows))[:, None, None] * np.exp(-distance / 8)
    return image.clip(0, 255).astype(np.uint8), sick[:, None]


def write_invented(file: str) -> str:
    chance = np.random.default_rng(0)
    parts = {part: invented(rows, chance) for part, rows in (("train", 400), ("val", 50), ("test", 200))}
    images = {f"{part}_images": one[0] for part, one in parts.items()}
    np.savez(file, **images, **{f"{part}_labels": one[1] for part, one in parts.items()})
    return file


def main() -> None:
    files = [one for one in sys.argv[1:] if not one.isdigit()]
    length = {"work": int(sys.argv[-1])} if sys.argv[-1].isdigit() else {"budget": "5m"}
    result = shoal.compare(
        files[0] if files else write_invented("xrays.npz"),
        arms={
            "plain": "normalization=none",
            "batch normalization": "normalization=batch_norm",
            "label smoothing": "normalization=batch_norm label_smoothing.smoothing=0.1",
        },
        recipe="network=convnet width=8 depth=2",
        metric="auroc",
        **length,
    )
    print(result)
    measured = shoal.load(result.folder).contents.measured
    print(f"The network that was saved, on {measured['test_rows']} images it has never seen:")
    for name in ("auroc", "sensitivity_at_90_specificity", "calibration_error"):
        print(f"{name.replace('_', ' ')}: {measured['metrics'][name]:.3f}")


if __name__ == "__main__":
    main()
