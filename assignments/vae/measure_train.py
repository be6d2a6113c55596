"""Where the thresholds of `train_vae` come from: its graded number, over many seeds, for right and for wrong solutions.

python assignments/vae/measure_train.py [seeds]      # from the course folder; writes measure_train.md
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

from reference import vae_torch  # noqa: E402

Train = Callable[[np.ndarray, int], Any]
HIDDEN, RIGHT, WRONG = (runpy.run_path(str(HERE / f"{name}.py")) for name in ("test_hidden", "right", "wrong"))
LEVELS, TRAINED = HIDDEN["LEVELS"], WRONG["_trained"]
#: These fail by shape or by a guard, whatever they have learnt.
NOT_BY_LOSS = {
    "one_number",
    "matrices_turned",
    "heads_without_bias",
    "ignores_the_seed",
    "images_scaled_in_place",
}


# Neither right nor wrong: choices, and slips that the held-out loss does not see, or not under every seed.


def stretched_by_the_variance(Xtr: Any, seed: int) -> Any:
    """e^logvar for e^(logvar / 2); only the one-step check sees it."""
    return TRAINED(Xtr, seed, stretch=1.0)


def price_averaged(Xtr: Any, seed: int) -> Any:
    """The KL as a mean over the two numbers of the code; only the one-step check sees it under every seed."""

    def loss(logits: Any, X: Any, mu: Any, logvar: Any) -> Any:
        return WRONG["_loss"](logits, X, mu, logvar) - WRONG["_price"](mu, logvar) / len(X) / 2

    return TRAINED(Xtr, seed, loss=loss)


def black_and_white_targets(Xtr: Any, seed: int) -> Any:
    return TRAINED((Xtr > 0.5).astype(float), seed)


def the_code_ignored_in_part(Xtr: Any, seed: int) -> Any:
    """Codes of one number, the other always standard normal."""
    p = TRAINED(Xtr, seed, k=1)
    return p | {
        "W_mu": np.vstack([p["W_mu"], 0 * p["W_mu"]]),
        "W_logvar": np.vstack([p["W_logvar"], 0 * p["W_logvar"]]),
        "b_mu": np.append(p["b_mu"], 0),
        "b_logvar": np.append(p["b_logvar"], 0),
        "W_d": np.hstack([p["W_d"], 0 * p["W_d"]]),
    }


def thirty_two_units(Xtr: Any, seed: int) -> Any:
    return TRAINED(Xtr, seed, n=32)


def two_hundred_and_fifty_six_units(Xtr: Any, seed: int) -> Any:
    return TRAINED(Xtr, seed, n=256)


def a_quarter_of_the_step_size(Xtr: Any, seed: int) -> Any:
    return TRAINED(Xtr, seed, lr=0.0025)


def ten_epochs(Xtr: Any, seed: int) -> Any:
    return TRAINED(Xtr, seed, epochs=10)


def five_epochs(Xtr: Any, seed: int) -> Any:
    return TRAINED(Xtr, seed, epochs=5)


CHOICES = (
    stretched_by_the_variance,
    price_averaged,
    black_and_white_targets,
    the_code_ignored_in_part,
    thirty_two_units,
    two_hundred_and_fifty_six_units,
    a_quarter_of_the_step_size,
    ten_epochs,
    five_epochs,
)


@dataclass(frozen=True)
class Row:
    """One solution's graded losses, an entry per seed."""

    kind: str
    name: str
    losses: list[float]
    seconds: float  #: one training, on average


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    rows = [_measured(kind, name, seeds) for kind, name in _solutions()]
    (HERE / "measure_train.md").write_text(_page(rows, seeds))


def _solutions() -> Iterator[tuple[str, str]]:
    yield "reference", "train_vae"
    yield from (("right", each.name) for each in RIGHT["__right__"] if each.replaces == "train_vae")
    yield from (("choice", each.__name__) for each in CHOICES)
    for each in WRONG["__wrong__"]:
        if each.replaces == "train_vae" and each.name not in NOT_BY_LOSS:
            yield "wrong", each.name


def _measured(kind: str, name: str, seeds: int) -> Row:
    train: Train = {"reference": vars(vae_torch), "right": RIGHT, "choice": globals(), "wrong": WRONG}[kind][name]
    begin = time.process_time()
    losses = [_graded(train, np.random.default_rng(seed)) for seed in range(seeds)]
    return Row(kind, name, losses, (time.process_time() - begin) / seeds)


def _graded(train: Train, rng: np.random.Generator) -> float:
    """What the hidden check grades: the mean loss on 500 digits not trained on."""
    X, _ = HIDDEN["_digits"]()
    X = rng.permutation(X)[:, rng.permutation(64)]
    p = {key: np.asarray(value, dtype=float) for key, value in train(X[:1297], int(rng.integers(2**31))).items()}
    return float(np.nan_to_num(HIDDEN["_held_out"](p, X[1297:], rng), nan=np.inf))


def _page(rows: list[Row], seeds: int) -> str:
    lines = [
        "# train_vae: held-out loss (negative ELBO), measured",
        "",
        f"Written by measure_train.py over {seeds} seeds, on one thread. Each entry: smallest, mean, largest loss, and the",
        "share of the points that it earns at the worst seed and at the best. A right solution must earn 1 at its worst, a",
        "wrong one less than 1 at its best. Choices may earn anything: what trains well in spite of a slip is left to the",
        "one-step check. An entry is one run; the check allows a second one, and the better of the two counts.",
        "",
        "All points up to {:g}, three quarters {:g}, half {:g}, a quarter {:g}.".format(*LEVELS),
        "",
        "| kind | solution | loss | share | s a run |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, rows), ""])


def _line(row: Row) -> str:
    shares = [sum(loss <= level for level in LEVELS) / 4 for loss in row.losses]
    told = f"{min(shares):g} to {max(shares):g}" if min(shares) < max(shares) else f"{min(shares):g}"
    loss = ", ".join(_told(x) for x in (min(row.losses), float(np.mean(row.losses)), max(row.losses)))
    return f"| {row.kind} | {row.name} | {loss} | {told} | {row.seconds:.2f} |"


def _told(loss: float) -> str:
    return f"{loss:.2f}" if loss < 1000 else "over 1000"


if __name__ == "__main__":
    main()
