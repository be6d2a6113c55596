"""What reference.random promises of its draws."""

from pathlib import Path

import numpy as np
import pytest

from reference import random as draw

DATA = Path(__file__).parents[2] / "assignments" / "backprop" / "data"
SEEDS = range(30)


def test_targets():
    """One-hot rows differ while they can, soft rows sum to one, weighted rows never do."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        P = draw.one_hot(rng, 5, 4)
        assert set(P.ravel()) == {0.0, 1.0}
        assert (P.sum(axis=1) == 1).all()
        assert len({tuple(row) for row in P[:4]}) == 4
        np.testing.assert_allclose(draw.soft_targets(rng, 5, 3).sum(axis=1), 1, rtol=1e-12)
        assert (draw.weighted_targets(rng, 5, 3).sum(axis=1) > 1.4).all()


def test_probabilities_are_not_small():
    """Rows sum to one and nothing is under e^-4 / K: an epsilon of 1e-12 cannot show."""
    for seed in SEEDS:
        S = draw.probabilities(np.random.default_rng(seed), 4, 3)
        np.testing.assert_allclose(S.sum(axis=1), 1, rtol=1e-12)
        assert S.min() >= np.exp(-4) / 3


def test_nothing_near_zero():
    """Both signs, and no entry within 0.1 of a kink."""
    for seed in SEEDS:
        x = draw.away_from_zero(np.random.default_rng(seed), 3, 4)
        assert x.shape == (3, 4)
        assert np.abs(x).min() >= 0.1
        assert (x > 0).any()
        assert (x < 0).any()


def test_batches_do_not_repeat_a_row():
    """Rows are different inside a batch."""
    for batch in draw.batches(np.random.default_rng(0), 9, [5, 1, 9]):
        assert len(set(batch.tolist())) == len(batch)


@pytest.mark.parametrize(("name", "rows", "columns", "train"), [("iris", 150, 4, 100), ("wine", 178, 13, 120)])
def test_table_split(name, rows, columns, train):
    """Standardised on the training rows, every class in them, nothing lost, and another split each time."""
    first = []
    for seed in SEEDS:
        Xtr, ytr, Xte, yte = draw.table_split(DATA / f"{name}.csv", np.random.default_rng(seed), train)
        assert Xtr.shape == (train, columns)
        assert Xte.shape == (rows - train, columns)
        np.testing.assert_allclose(Xtr.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(Xtr.std(axis=0), 1, rtol=1e-12)
        assert set(ytr) == {0, 1, 2} == set(yte)
        first.append(tuple(Xte[0]))
    assert len(set(first)) == len(first)


def test_rings_are_rings():
    """Before standardising, one class lies within radius 1 and the other beyond 1.5: a circle separates them."""
    Xtr, ytr, _, _ = draw.rings_split(np.random.default_rng(0), 200, 200)
    # Standardising moves and stretches a little; the gap is wider than that.
    radius = np.linalg.norm(Xtr - Xtr[ytr == 0].mean(axis=0), axis=1)
    assert radius[ytr == 0].max() < radius[ytr == 1].min()


@pytest.mark.parametrize(("name", "load"), [("iris", "load_iris"), ("wine", "load_wine")])
def test_tables_are_scikit_learns(name, load):
    """The shipped tables are the well-known ones, to the six digits that were measured."""
    datasets = pytest.importorskip("sklearn.datasets")
    theirs = getattr(datasets, load)()
    ours = np.loadtxt(DATA / f"{name}.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(ours[:, :-1], theirs.data, rtol=1e-6)
    assert (ours[:, -1] == theirs.target).all()
