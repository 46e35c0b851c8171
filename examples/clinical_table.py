"""A clinical table with several visits a patient: no patient stands on both sides of a split.

python examples/clinical_table.py [MEMBER_STEPS]

Trains for 60 s, or for so many member-steps. Writes visits.csv.
"""

import sys

import numpy as np
import polars as pl

import shoal


def visits(patients: int) -> pl.DataFrame:
    """One to five visits each. Who falls ill is rare, and hangs on the patient as much as on the visit."""
    chance = np.random.default_rng(0)
    patient = np.repeat(np.arange(patients), chance.integers(1, 6, patients))
    rows = len(patient)
    age = chance.uniform(30, 90, patients)[patient]
    pressure = chance.normal(130, 15, patients)[patient] + chance.normal(0, 5, rows)
    marker = np.exp(chance.normal(0, 0.5, patients)[patient] + chance.normal(0, 0.2, rows))
    risk = 0.08 * (age - 65) + 0.05 * (pressure - 130) + 2.5 * np.log(marker) + chance.logistic(size=rows)
    return pl.DataFrame(
        {
            "patient": [f"P{number:04}" for number in patient],
            "age": age.round(),
            "pressure": pressure.round(),
            "marker": np.where(chance.random(rows) < 0.15, np.nan, marker.round(2)),
            "sex": chance.choice(["f", "m"], patients)[patient],
            "ill": np.where(risk > 2.5, "yes", "no"),
        }
    ).with_columns(pl.col("marker").fill_nan(None))


def main() -> None:
    length = {"work": int(sys.argv[1])} if len(sys.argv) > 1 else {"budget": "60s"}
    visits(500).write_csv("visits.csv")
    result = shoal.compare(
        "visits.csv", target="ill", group="patient", metric="auroc", vary="optimizer=adam,sgd", **length
    )
    print(result)

    measured = shoal.load(result.folder).contents.measured
    diagnosis = measured["diagnosis"]
    print(f"The network that was saved, on {measured['test_rows']} visits of patients it has never seen:")
    print(f"AUROC {measured['metrics']['auroc']:.3f}")
    print(f"sensitivity at 90 % specificity {diagnosis['sensitivity_at_90_specificity']['yes']:.0%}")
    print(f"calibration error {diagnosis['calibration']['error']:.3f}")
    print("confusion, true by predicted:", diagnosis["classes"], diagnosis["confusion"])


if __name__ == "__main__":
    main()
