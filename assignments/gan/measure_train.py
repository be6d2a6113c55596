"""Where the thresholds of `train_gan` come from: its graded numbers, over many seeds, for right and for wrong solutions.

python assignments/gan/measure_train.py [seeds]      # from the course folder; writes measure_train.md
"""

from __future__ import annotations

import runpy
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from reference import gan_torch  # noqa: E402
from reference import random as draw  # noqa: E402

Train = Callable[[np.ndarray, int], Any]
HIDDEN, RIGHT, WRONG = (runpy.run_path(str(HERE / f"{name}.py")) for name in ("test_hidden", "right", "wrong"))
LEVELS, TRAINED = HIDDEN["LEVELS"], WRONG["_trained"]
#: These fail by shape or by a guard, whatever they have learnt.
NOT_BY_MODES = {"returns_the_discriminator", "matrices_turned", "ignores_the_seed", "points_scaled_in_place"}


# Neither right nor wrong: choices, and slips that the modes do not show under every seed.


def minimax_loss(Xtr: Any, seed: int) -> Any:
    """The generator's part of V."""
    return TRAINED(Xtr, seed, 500, g_loss=lambda fake: -WRONG["_g_loss"](-fake))


def without_blur(Xtr: Any, seed: int) -> Any:
    return TRAINED(Xtr, seed, 500, blur=0.0)


def without_zero_grad(Xtr: Any, seed: int) -> Any:
    return TRAINED(Xtr, seed, 500, clear=False)


def usual_momentum(Xtr: Any, seed: int) -> Any:
    return TRAINED(Xtr, seed, 500, momentum=0.9)


def uniform_noise(Xtr: Any, seed: int) -> Any:
    """Trained on noise of another law than it is asked with."""
    return TRAINED(Xtr, seed, 500, noise="uniform")


def two_hundred_steps(Xtr: Any, seed: int) -> Any:
    return TRAINED(Xtr, seed, 200)


CHOICES = (minimax_loss, without_blur, without_zero_grad, usual_momentum, uniform_noise, two_hundred_steps)


@dataclass(frozen=True)
class Row:
    """One solution's graded numbers, an entry per seed: modes reached, share of samples near any."""

    kind: str
    name: str
    reached: list[tuple[int, float]]
    seconds: float  #: one training, on average


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    rows = [_measured(kind, name, seeds) for kind, name in _solutions()]
    (HERE / "measure_train.md").write_text(_page(rows, seeds))


def _solutions() -> Iterator[tuple[str, str]]:
    yield "reference", "train_gan"
    yield from (("right", each.name) for each in RIGHT["__right__"] if each.replaces == "train_gan")
    for each in WRONG["__wrong__"]:
        if each.replaces == "train_gan" and each.name not in NOT_BY_MODES:
            yield "wrong", each.name
    yield from (("choice", each.__name__) for each in CHOICES)


def _measured(kind: str, name: str, seeds: int) -> Row:
    train: Train = {"reference": vars(gan_torch), "right": RIGHT, "choice": globals(), "wrong": WRONG}[kind][name]
    begin = time.process_time()
    reached = [_graded(train, np.random.default_rng(seed)) for seed in range(seeds)]
    row = Row(kind, name, reached, (time.process_time() - begin) / seeds)
    print(_line(row), flush=True)
    return row


def _graded(train: Train, rng: np.random.Generator) -> tuple[int, float]:
    """What the hidden check grades: where 2000 samples fall, on a ring turned at random."""
    turn = float(rng.uniform(0, 2 * np.pi))
    G = train(draw.gaussian_ring(rng, 2000, turn), int(rng.integers(2**31)))
    G = [(np.asarray(W, dtype=float), np.asarray(b, dtype=float)) for W, b in G]
    modes, near = HIDDEN["_reached"](HIDDEN["_made"](G, rng, 2000), turn)
    return modes, near


def _page(rows: list[Row], seeds: int) -> str:
    levels = ", ".join(f"{m} modes and {s:.0%}" for m, s in LEVELS)
    lines = [
        "# train_gan: modes reached, measured",
        "",
        f"Written by measure_train.py over {seeds} seeds, on one thread. Each entry: smallest, mean, largest number of modes",
        "that hold 2 % of the samples; the same for the share of samples near any mode; and the share of the points that it",
        "earns at the worst seed and at the best. A right solution must earn 1 at its worst, a wrong one less than 1 at its",
        "best. Choices may earn anything.",
        "",
        f"All points from {levels} (three quarters, half, a quarter).",
        "",
        "| kind | solution | modes | share near | points | s a run |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, rows), ""])


def _line(row: Row) -> str:
    shares = [sum(m >= least and s >= near for least, near in LEVELS) / 4 for m, s in row.reached]
    earned = f"{min(shares):g} to {max(shares):g}" if min(shares) < max(shares) else f"{min(shares):g}"
    modes, near = ([float(each[i]) for each in row.reached] for i in (0, 1))
    counts = f"{min(modes):g}, {np.mean(modes):.1f}, {max(modes):g}"
    close = f"{min(near):.2f}, {np.mean(near):.2f}, {max(near):.2f}"
    return f"| {row.kind} | {row.name} | {counts} | {close} | {earned} | {row.seconds:.2f} |"


if __name__ == "__main__":
    main()
