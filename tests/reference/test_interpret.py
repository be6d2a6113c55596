"""reference.interpret against autograd, a patch moved by hand, and the lectures' numbers."""

import numpy as np
import pytest
import torch

from reference import cnn, interpret


@pytest.fixture
def network(rng):
    """Two channels in, three kernels, four classes."""
    sizes = {"K": (3, 2, 3, 2), "b": (3,), "V": (4, 3), "c": (4,)}
    return {name: rng.normal(size=size) for name, size in sizes.items()}


def near(got, expected, rtol=1e-11, atol=1e-12):
    """Sums of some hundreds of products in float64."""
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def torch_scores(X, p):
    K, b, V, c = (torch.from_numpy(p[name]) for name in "KbVc")
    return V @ torch.relu(torch.conv2d(X[None], K, b))[0].mean(dim=(1, 2)) + c


def test_scores_and_maps_are_torchs(network, rng):
    """The whole small network; its maps are the students' convolution after ReLU."""
    x = rng.normal(size=(2, 6, 7))
    near(interpret.class_scores(x, network), torch_scores(torch.from_numpy(x), network))
    near(interpret.feature_maps(x, network), np.maximum(cnn.conv2d_multi(x, network["K"], network["b"]), 0))


@pytest.mark.parametrize("label", [0, 3])
def test_gradient_and_saliency_are_autograds(network, label, rng):
    """The derivative of one score with respect to every pixel; saliency forgets the sign, then takes the largest channel."""
    x = rng.normal(size=(2, 6, 7))
    X = torch.from_numpy(x).requires_grad_()
    torch_scores(X, network)[label].backward()
    near(interpret.input_gradient(x, network, label), X.grad)
    near(interpret.saliency(x, network, label), X.grad.abs().amax(dim=0))


def test_occlusion_by_hand(network, rng):
    """base - occluded, the patch at (i stride, j stride); the picture stays as it was."""
    x = rng.normal(size=(2, 7, 9))
    before = x.copy()
    drop = interpret.occlusion_map(x, network, 1, patch=3, stride=3, fill=0.5)
    assert drop.shape == (2, 3)
    assert (x == before).all()
    covered = x.copy()
    covered[:, 3:6, 6:9] = 0.5
    scores = [torch_scores(torch.from_numpy(a), network)[1] for a in (x, covered)]
    near(drop[1, 2], scores[0] - scores[1])


def test_occlusion_finds_the_only_pixel_that_matters():
    """One bright pixel and a network that sums: the drop is where the patch covers it, and 0 elsewhere."""
    x = np.zeros((1, 5, 5))
    x[0, 3, 1] = 25.0
    p = {"K": np.ones((1, 1, 1, 1)), "b": np.zeros(1), "V": np.ones((1, 1)), "c": np.zeros(1)}
    drop = interpret.occlusion_map(x, p, 0, patch=2)
    expected = np.zeros((4, 4))
    expected[2:4, 0:2] = 1.0
    near(drop, expected)


def test_golden_number_of_positions(network):
    """Q09.9: a patch of 8 with stride 4 on 64 x 64 has 225 places."""
    assert interpret.occlusion_positions(64, 64, 8, 4) == 225
    drop = interpret.occlusion_map(np.zeros((2, 9, 12)), network, 0, 4, 3)
    assert drop.size == interpret.occlusion_positions(9, 12, 4, 3)


def test_golden_fgsm():
    """A87: w = (1, -2, .5) and eps = .1 cost .35, probability .5987 -> .5125; Q09.10: .7."""
    for w, eps, expected in [((1.0, -2, 0.5), 0.1, 0.35), ((1.0, -2, 4), 0.1, 0.7)]:
        w, x = np.array(w), np.array([0.2, 0.1, 0.4])
        near(w @ x - w @ interpret.fgsm(x, -w, eps), expected)
    logit = np.log(0.5987 / (1 - 0.5987))
    np.testing.assert_allclose(1 / (1 + np.exp(0.35 - logit)), 0.5125, atol=5e-5)


def test_fgsm_is_signed_and_clipped():
    """sign(0) is 0; results stay between lo and hi."""
    x, grad = np.array([0.0, 0.5, 0.95, 0.02]), np.array([0.0, 2.0, 1e-9, -3.0])
    near(interpret.fgsm(x, grad, 0.1, 0.0, 1.0), [0.0, 0.6, 1.0, 0.0])


def test_fgsm_raises_the_loss(network, rng):
    """Along the gradient of the loss, here minus a score, the score falls; pixel by pixel no change is larger than eps."""
    x = rng.normal(size=(2, 6, 7))
    moved = interpret.fgsm(x, -interpret.input_gradient(x, network, 2), 1e-4)
    assert interpret.class_scores(moved, network)[2] < interpret.class_scores(x, network)[2]
    assert np.abs(moved - x).max() <= 1e-4 * (1 + 1e-9)
