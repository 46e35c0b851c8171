"""The best-known fast alternative: JAX, the whole training step as jit(vmap(scan)) over all members.

    python benchmarks/anchors/jax_vmap.py '{"features": [64], "hidden": [32, 32], "classes": 10, "batch": 32,
                                            "rows": 2000, "members": 64, "seconds": 4}'

prints one JSON line. Every member has its own learning rate and key, and draws a fresh random batch of
resident rows at each step. Adam is written out, because optax's closes over one learning rate. One call
runs 20 steps of every member; XLA uses the cores as it likes. Needs jax and nothing else.
"""

import json
import sys
import time
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

CHUNK = 20  # steps a call
LR = (1e-4, 1e-2)
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8

Weights = list[tuple[jax.Array, jax.Array]]


class Member(NamedTuple):
    """One network on its way; all leaves get a leading member axis by vmap."""

    key: jax.Array
    lr: jax.Array
    weights: Weights
    mean: Weights
    square: Weights
    step: jax.Array


def main() -> None:
    workload = json.loads(sys.argv[1])
    members = workload["members"]
    keys = jax.random.split(jax.random.key(1), members)
    rates = jnp.geomspace(*LR, members)
    population = jax.vmap(partial(_new, workload))(keys, rates)
    x, y = _data(workload)
    one = partial(_chunk, workload, x, y)
    train = jax.jit(jax.vmap(one))
    began = time.perf_counter()
    population = jax.block_until_ready(train(population))
    warm_up = time.perf_counter() - began
    calls, began = 0, time.perf_counter()
    while (now := time.perf_counter()) < began + workload["seconds"]:
        population = jax.block_until_ready(train(population))
        calls += 1
    rate = calls * CHUNK * members / (now - began)
    print(json.dumps({"member_steps_per_second": rate, "warm_up_seconds": warm_up}))


def _data(workload: dict[str, Any]) -> tuple[jax.Array, jax.Array]:
    first, second = jax.random.split(jax.random.key(0))
    rows = workload["rows"]
    x = jax.random.normal(first, (rows, *workload["features"]))
    return x, jax.random.randint(second, (rows,), 0, workload["classes"])


def _new(workload: dict[str, Any], key: jax.Array, lr: jax.Array) -> Member:
    features = workload["features"]
    convolves = len(features) == 3
    shapes, before = [], features[0]
    for width in workload["hidden"]:
        shapes.append((width, before, 3, 3) if convolves else (before, width))
        before = width
    if convolves:
        shrunk = 2 ** len(workload["hidden"])
        before *= (features[1] // shrunk) * (features[2] // shrunk)
    shapes.append((before, workload["classes"]))
    weights = []
    for number, shape in enumerate(shapes):
        draw = 0.1 * jax.random.normal(jax.random.fold_in(key, number), shape)
        weights.append((draw, jnp.zeros(shape[0] if len(shape) == 4 else shape[1])))
    zeros = jax.tree.map(jnp.zeros_like, weights)
    return Member(key, lr, weights, zeros, zeros, jnp.zeros(()))


def _forward(weights: Weights, x: jax.Array) -> jax.Array:
    for kernel, bias in weights[:-1]:
        if kernel.ndim == 4:
            x = jax.lax.conv(x, kernel, (1, 1), "SAME") + bias[:, None, None]
            rows, channels, height, width = x.shape
            # Pooling by reshape: XLA's reduce_window has a much slower gradient on a CPU.
            x = jax.nn.relu(x).reshape(rows, channels, height // 2, 2, width // 2, 2).max((3, 5))
        else:
            x = jax.nn.relu(x @ kernel + bias)
    kernel, bias = weights[-1]
    return x.reshape(len(x), -1) @ kernel + bias


def _loss(weights: Weights, x: jax.Array, y: jax.Array) -> jax.Array:
    scores = _forward(weights, x)
    own = jnp.take_along_axis(scores, y[:, None], axis=1)[:, 0]
    return (jax.nn.logsumexp(scores, axis=-1) - own).mean()


def _chunk(workload: dict[str, Any], x: jax.Array, y: jax.Array, member: Member) -> Member:
    def update(member: Member, _: None) -> tuple[Member, None]:
        key, drawing = jax.random.split(member.key)
        rows = jax.random.randint(drawing, (workload["batch"],), 0, workload["rows"])
        gradient = jax.grad(_loss)(member.weights, x[rows], y[rows])
        step = member.step + 1
        mean = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, member.mean, gradient)
        square = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, member.square, gradient)
        correct1, correct2 = 1 - BETA1**step, 1 - BETA2**step

        def move(w: jax.Array, m: jax.Array, v: jax.Array) -> jax.Array:
            return w - member.lr * (m / correct1) / (jnp.sqrt(v / correct2) + EPS)

        weights = jax.tree.map(move, member.weights, mean, square)
        return Member(key, member.lr, weights, mean, square, step), None

    return jax.lax.scan(update, member, None, length=CHUNK)[0]


if __name__ == "__main__":
    main()
