"""A business table: which customers leave? Compare optimizers, take the winner home, predict new rows.

python examples/business_table.py [MEMBER_STEPS]

Trains for 60 s, or for so many member-steps. Writes customers.csv, new_customers.csv and predictions.csv.
"""

import sys

import numpy as np
import polars as pl

import shoal


def customers(rows: int, seed: int) -> pl.DataFrame:
    """Dates, categories, many cities, numbers written as words, and cells without a value."""
    chance = np.random.default_rng(seed)
    days = chance.integers(0, 1500, rows)
    plan = chance.choice(["basic", "family", "business"], rows)
    calls = chance.poisson(2.0, rows)
    late = chance.exponential(10.0, rows).round(1)
    leaves = 0.6 * calls + 0.05 * late - 0.001 * days + (plan == "basic") + chance.normal(0, 0.7, rows) > 1.6
    return pl.DataFrame(
        {
            "signed_up": np.datetime64("2021-01-01") + days.astype("timedelta64[D]"),
            "plan": plan,
            "city": [f"city {number}" for number in chance.zipf(1.5, rows) % 300],
            "calls": ["many" if number > 5 else str(number) for number in calls],
            "days_late": np.where(chance.random(rows) < 0.1, np.nan, late),
            "left": np.where(leaves, "yes", "no"),
        }
    ).with_columns(pl.col("days_late").fill_nan(None))


def main() -> None:
    length = {"work": int(sys.argv[1])} if len(sys.argv) > 1 else {"budget": "60s"}
    customers(1000, seed=0).write_csv("customers.csv", null_value="n/a")
    customers(200, seed=1).drop("left").write_csv("new_customers.csv", null_value="n/a")

    result = shoal.compare("customers.csv", target="left", vary="optimizer=adam,sgd", **length)
    print(result)
    for other in result.outsiders:
        mean = sum(other.scores.values()) / max(1, len(other.scores))
        print(f"{other.name}: {mean:.4f} over {len(other.scores)} seeds")

    made = shoal.load(result.folder).predict("new_customers.csv")
    pl.DataFrame(made.columns()).write_csv("predictions.csv")
    print(f"predictions.csv: {len(made)} customers, {(made.values == 'yes').sum()} of them will leave")


if __name__ == "__main__":
    main()
