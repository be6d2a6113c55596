"""Where the thresholds of `train_mlp` come from: its graded numbers, over many seeds, for right and for wrong solutions.

python assignments/backprop/measure_train.py [seeds]        # from the course folder; writes measure_train.md
"""

from __future__ import annotations

import runpy
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from reference import mlp  # noqa: E402
from reference import random as draw  # noqa: E402

Train = Callable[[np.ndarray, np.ndarray, np.ndarray, int], Any]
HIDDEN, RIGHT, WRONG = (runpy.run_path(str(HERE / f"{name}.py")) for name in ("test_hidden", "right", "wrong"))
LEVELS, SPLITS, SETS = HIDDEN["LEVELS"], HIDDEN["SPLITS"], ("iris", "wine", "rings")
#: These fail by shape or by a guard, whatever they have learnt.
NOT_BY_LOSS = {"returns_classes", "logits_of_the_training_rows", "ignores_the_seed", "standardises_in_place"}


# Neither right nor wrong: choices, and slips that the held-out loss does not see, or not under every seed.


def five_hundred_epochs(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    return WRONG["_logits"](WRONG["_trained"](Xtr, ytr, seed, epochs=500), Xte)


def twenty_epochs(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    return WRONG["_logits"](WRONG["_trained"](Xtr, ytr, seed, epochs=20), Xte)


def sum_instead_of_mean(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    return WRONG["_logits"](WRONG["_trained"](Xtr, ytr, seed, lr=0.05 * 16), Xte)


def root_of_six_over_the_sum(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    def begin(sizes: Any, rng: Any) -> Any:
        return [(W / np.sqrt(sum(W.shape)), b) for W, b in mlp.init_dense(sizes, rng)]

    return WRONG["_logits"](WRONG["_trained"](Xtr, ytr, seed, begin=begin), Xte)


def no_shuffling(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    K, N = ytr.max() + 1, len(Xtr)
    params = mlp.init_dense([Xtr.shape[1], 32, 16, K], np.random.default_rng(seed))
    batches = [np.arange(at, min(at + 16, N)) for _ in range(100) for at in range(0, N, 16)]
    return mlp.forward(mlp.train(params, Xtr, np.eye(K)[ytr], 0.05, batches)[0], Xte)


def relu_on_the_last_layer(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    return np.maximum(WRONG["_logits"](WRONG["_trained"](Xtr, ytr, seed), Xte), 0)


def always_the_same_batch(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    K = ytr.max() + 1
    params = mlp.init_dense([Xtr.shape[1], 32, 16, K], np.random.default_rng(seed))
    return mlp.forward(mlp.train(params, Xtr, np.eye(K)[ytr], 0.05, [np.arange(16)] * 700)[0], Xte)


CHOICES = (
    five_hundred_epochs,
    twenty_epochs,
    sum_instead_of_mean,
    no_shuffling,
    root_of_six_over_the_sum,
    relu_on_the_last_layer,
    always_the_same_batch,
)


@dataclass(frozen=True)
class Row:
    """One solution's graded losses, by data set: an entry per seed."""

    kind: str
    name: str
    losses: dict[str, list[float]]
    seconds: float  #: one training, on average


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    todo = list(_solutions())
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(_measured, *zip(*todo, strict=True), [seeds] * len(todo)))
    (HERE / "measure_train.md").write_text(_page(rows, seeds))


def _solutions() -> Iterator[tuple[str, str]]:
    yield "reference", "train_mlp"
    yield from (("right", each.name) for each in RIGHT["__right__"] if each.exercise == "train_mlp")
    yield from (("choice", each.__name__) for each in CHOICES)
    for each in WRONG["__wrong__"]:
        if each.exercise == "train_mlp" and each.name not in NOT_BY_LOSS:
            yield "wrong", each.name


def _measured(kind: str, name: str, seeds: int) -> Row:
    train: Train = {"reference": vars(mlp), "right": RIGHT, "choice": globals(), "wrong": WRONG}[kind][name]
    losses: dict[str, list[float]] = {each: [] for each in SETS}
    begin = time.process_time()
    for seed in range(seeds):
        for each in SETS:
            losses[each].append(_graded(train, each, np.random.default_rng([seed, SETS.index(each)])))
    return Row(kind, name, losses, (time.process_time() - begin) / (sum(SPLITS.values()) * seeds))


def _graded(train: Train, name: str, rng: np.random.Generator) -> float:
    """What the hidden check grades: the mean held-out loss over its splits."""
    if name == "rings":
        splits = [draw.rings_split(rng, 200, 200)]
    else:
        rows = {"iris": 100, "wine": 120}[name]
        splits = [draw.table_split(HERE / "data" / f"{name}.csv", rng, rows) for _ in range(SPLITS[name])]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = [
            HIDDEN["_held_out"](np.asarray(train(Xtr, ytr, Xte, int(rng.integers(2**31))), dtype=float), yte)
            for Xtr, ytr, Xte, yte in splits
        ]
    return float(np.nan_to_num(np.mean(found), nan=np.inf))


def _page(rows: list[Row], seeds: int) -> str:
    lines = [
        "# train_mlp: held-out cross-entropy, measured",
        "",
        f"Written by measure_train.py over {seeds} seeds. Each entry: smallest, mean, largest of the graded number (the mean",
        "over four splits of iris, six of wine, one of rings), and the points that it earns at the worst seed and at the best.",
        "A right solution must earn 3 at its worst, a wrong one less than 3 at its best. Choices may earn anything.",
        "",
        "Full points up to: " + ", ".join(f"{each} {LEVELS[each][0]:g}" for each in SETS) + ".",
        "",
        "| kind | solution | iris | wine | rings | points | s a run |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, rows), ""])


def _line(row: Row) -> str:
    cells = [_cell(row.losses[each]) for each in SETS]
    points = [sum(_points(row.losses[each][n], each) for each in SETS) for n in range(len(row.losses["iris"]))]
    told = f"{min(points):g} to {max(points):g}" if min(points) < max(points) else f"{min(points):g}"
    return " | ".join([f"| {row.kind}", row.name, *cells, told, f"{row.seconds:.2f} |"])


def _points(loss: float, name: str) -> float:
    return sum(loss <= level for level in LEVELS[name]) / 4


def _cell(losses: list[float]) -> str:
    return ", ".join("diverges" if np.isinf(x) else f"{x:.3f}" for x in (min(losses), np.mean(losses), max(losses)))


if __name__ == "__main__":
    main()
