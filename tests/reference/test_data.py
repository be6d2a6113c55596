"""reference.data against the lectures' table, PyTorch and counting by hand."""

import numpy as np
import pytest
import torch

from reference import data

CITIES = ["Paris", "Marseille", "Lyon", "Toulouse", "Nantes"]


def test_golden_cities():
    """The lecture's table: columns in the order given, not sorted (A3)."""
    P = data.one_hot(["Toulouse", "Nantes", "Paris"], CITIES)
    assert P.tolist() == [[0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]


def test_one_hot_is_torchs(rng):
    """Integer classes 0 .. K-1 are torch's one_hot."""
    labels = rng.integers(6, size=20)
    expected = torch.nn.functional.one_hot(torch.from_numpy(labels), 6).numpy()
    assert (data.one_hot(labels.tolist(), range(6)) == expected).all()
    assert data.one_hot([], "ab").shape == (0, 2)


def test_unknown_label():
    """A label that is no class is refused by name."""
    with pytest.raises(ValueError, match="'Lille' is none of the classes"):
        data.one_hot(["Paris", "Lille"], CITIES)


def test_windows_by_hand():
    """0 .. 7, three in, two out, every second start."""
    X, y = data.windows(np.arange(8), 3, 2, stride=2)
    assert X.tolist() == [[0, 1, 2], [2, 3, 4]]
    assert y.tolist() == [[3, 4], [5, 6]]


def test_windows_of_vectors(rng):
    """Each moment may be a vector; every pair is a piece of the series, in order."""
    series = rng.normal(size=(12, 3))
    X, y = data.windows(series, 4, 1)
    assert (X.shape, y.shape) == ((8, 4, 3), (8, 1, 3))
    for t in range(8):
        assert (np.concatenate([X[t], y[t]]) == series[t : t + 5]).all()


def test_golden_counts():
    """A12: 90 windows of 10 in a series of 100; Q10.8: 63."""
    assert data.window_count(100, 10) == 90
    assert data.window_count(137, 9, 3, 2) == 63


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
def test_count_is_the_formula(stride):
    """floor((N - L - H) / s) + 1, and 0 where the series is too short."""
    for N in range(12):
        expected = max((N - 4 - 2) // stride + 1, 0) if N >= 6 else 0
        X, y = data.windows(np.arange(float(N)), 4, 2, stride)
        assert (X.shape, y.shape) == ((expected, 4), (expected, 2))


def test_padding_is_torchs(rng):
    """torch's pad_sequence pads on the right."""
    seqs = [rng.normal(size=n) for n in (3, 5, 1)]
    padded, mask = data.pad_sequences(seqs, -1.0)
    tensors = [torch.from_numpy(s) for s in seqs]
    expected = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=-1.0)
    assert (padded == expected.numpy()).all()
    assert mask.sum(axis=1).tolist() == [3, 5, 1]


def test_padding_on_the_left():
    """The end stays at the end; the mask says what is real, also where a value looks like padding."""
    padded, mask = data.pad_sequences([[7, 0], [1, 2, 3]], side="left")
    assert padded.tolist() == [[0, 7, 0], [1, 2, 3]]
    assert mask.tolist() == [[False, True, True], [True, True, True]]
    assert mask.dtype == bool


def test_kinds_of_numbers():
    """Token numbers stay integers, also beside an empty sequence; a float anywhere makes floats."""
    assert data.pad_sequences([[1, 2], []])[0].dtype.kind == "i"
    assert data.pad_sequences([[1, 2], [0.5]])[0].tolist() == [[1, 2], [0.5, 0]]
    assert data.pad_sequences([[1, 2], [3]], value=0.5)[0].tolist() == [[1, 2], [3, 0.5]]


def test_golden_padded_share():
    """Q12.6: lengths 4, 7 and 14 leave 40.5 % padding."""
    _, mask = data.pad_sequences([[1] * n for n in (4, 7, 14)])
    np.testing.assert_allclose(1 - mask.mean(), 0.404762, rtol=0, atol=5e-7)
