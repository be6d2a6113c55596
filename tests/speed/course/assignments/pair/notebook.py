# %% [markdown]
# # Softmax and the gradients of a small network
# All float inputs are float64.

# %%
import numpy as np

# %% [markdown]
# ## Softmax
# $S_k = e^{z_k} / \sum_j e^{z_j}$ along the last axis, without overflow.


# %% exercise="softmax" source="activations.softmax" forbid=["scipy", "torch"]
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="softmax"
assert np.allclose(softmax(np.array([0.0, 0.0])), [0.5, 0.5])

# %% [markdown]
# ## Gradients
# The mean cross-entropy of a network with one hidden layer, and its gradients, by hand.


# %% exercise="gradients" source="network.gradients" forbid=["torch"]
def gradients(X, y, W1, b1, W2, b2):
    """Mean cross-entropy of softmax(tanh(X W1 + b1) W2 + b2) at the labels y, and its gradients.

    X (N, d), y (N,) integers, W1 (d, h), b1 (h,), W2 (h, K), b2 (K,) -> dict with loss, W1, b1, W2, b2.
    """
    ### BEGIN SOLUTION
    ### END SOLUTION


# %% test="gradients"
zero = gradients(np.ones((1, 2)), np.array([0]), np.zeros((2, 3)), np.zeros(3), np.zeros((3, 2)), np.zeros(2))
assert np.isclose(zero["loss"], np.log(2.0))
