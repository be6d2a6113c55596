"""Where the thresholds of `train_adding` come from: its graded number, over many seeds, for right and for wrong solutions.

python assignments/lstm_gates/measure_train.py [seeds]      # from the course folder; writes measure_train.md
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

from reference import lstm_torch  # noqa: E402
from reference import random as draw  # noqa: E402

Train = Callable[[np.ndarray, np.ndarray, np.ndarray, int], Any]
HIDDEN, RIGHT, WRONG = (runpy.run_path(str(HERE / f"{name}.py")) for name in ("test_hidden", "right", "wrong"))
LEVELS, TRAINED = HIDDEN["LEVELS"], WRONG["_trained"]
#: These fail by shape or by a guard, whatever they have learnt.
NOT_BY_LOSS = {"predictions_of_the_training_rows", "predictions_as_a_column", "ignores_the_seed", "centres_in_place"}


# Neither right nor wrong: choices, and slips that the held-out error does not see, or not under every seed.


def states_detached(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    """No gradient through time; only the one-step check sees it."""

    def cell(a: Any, U: Any, h: Any, c: Any) -> Any:
        return WRONG["_lstm_cell"](a, U, h.detach(), c.detach())

    return TRAINED(Xtr, ytr, seed, cell)(Xte)


def cell_made_anew(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    """c starts at zero in every step; h carries what there is."""
    return TRAINED(Xtr, ytr, seed, lambda a, U, h, c: WRONG["_lstm_cell"](a, U, h, 0 * c))(Xte)


def input_gate_unused(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    """c = f c + g, as one lecture prints it."""

    def cell(a: Any, U: Any, h: Any, c: Any) -> Any:
        f, _, o, g = (a + h @ U.T).chunk(4, dim=1)
        c = f.sigmoid() * c + g.tanh()
        return o.sigmoid() * c.tanh(), c

    return TRAINED(Xtr, ytr, seed, cell)(Xte)


def without_zero_grad(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    return TRAINED(Xtr, ytr, seed, clear=False)(Xte)


def plain_rnn_for_thirty_epochs(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    return TRAINED(Xtr, ytr, seed, WRONG["_plain_cell"], epochs=30, lr=0.01)(Xte)


def five_epochs(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    return TRAINED(Xtr, ytr, seed, epochs=5)(Xte)


def a_quarter_of_the_step_size(Xtr: Any, ytr: Any, Xte: Any, seed: int) -> Any:
    return TRAINED(Xtr, ytr, seed, lr=0.01)(Xte)


CHOICES = (
    states_detached,
    cell_made_anew,
    input_gate_unused,
    without_zero_grad,
    plain_rnn_for_thirty_epochs,
    five_epochs,
    a_quarter_of_the_step_size,
)


@dataclass(frozen=True)
class Row:
    """One solution's graded errors, an entry per seed."""

    kind: str
    name: str
    errors: list[float]
    seconds: float  #: one training, on average


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    rows = [_measured(kind, name, seeds) for kind, name in _solutions()]
    (HERE / "measure_train.md").write_text(_page(rows, seeds))


def _solutions() -> Iterator[tuple[str, str]]:
    yield "reference", "train_adding"
    yield from (("right", each.name) for each in RIGHT["__right__"] if each.replaces == "train_adding")
    yield from (("choice", each.__name__) for each in CHOICES)
    for each in WRONG["__wrong__"]:
        if each.replaces == "train_adding" and each.name not in NOT_BY_LOSS:
            yield "wrong", each.name


def _measured(kind: str, name: str, seeds: int) -> Row:
    train: Train = {"reference": vars(lstm_torch), "right": RIGHT, "choice": globals(), "wrong": WRONG}[kind][name]
    begin = time.process_time()
    errors = [_graded(train, np.random.default_rng(seed)) for seed in range(seeds)]
    return Row(kind, name, errors, (time.process_time() - begin) / seeds)


def _graded(train: Train, rng: np.random.Generator) -> float:
    """What the hidden check grades: the mean squared error on fresh sequences."""
    Xtr, ytr = draw.adding_problem(rng, 1000, 20)
    Xte, yte = draw.adding_problem(rng, 500, 20)
    return float(np.mean((np.asarray(train(Xtr, ytr, Xte, int(rng.integers(2**31)))) - yte) ** 2))


def _page(rows: list[Row], seeds: int) -> str:
    lines = [
        "# train_adding: held-out mean squared error, measured",
        "",
        f"Written by measure_train.py over {seeds} seeds, on one thread. Each entry: smallest, mean, largest error, and the",
        "points that it earns at the worst seed and at the best. A right solution must earn 1 at its worst, a wrong one less",
        "than 1 at its best. Choices may earn anything: what trains well in spite of a slip is left to the one-step check.",
        "",
        "A full point up to {:g}, three quarters {:g}, half {:g}, a quarter {:g}.".format(*LEVELS),
        "",
        "| kind | solution | error | points | s a run |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, rows), ""])


def _line(row: Row) -> str:
    points = [sum(error <= level for level in LEVELS) / 4 for error in row.errors]
    told = f"{min(points):g} to {max(points):g}" if min(points) < max(points) else f"{min(points):g}"
    error = ", ".join(f"{x:.4f}" for x in (min(row.errors), np.mean(row.errors), max(row.errors)))
    return f"| {row.kind} | {row.name} | {error} | {told} | {row.seconds:.2f} |"


if __name__ == "__main__":
    main()
