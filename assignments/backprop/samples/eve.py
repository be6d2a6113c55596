# Gates by the sign of the derivative instead of the sign of the input, and never looks at at_zero.
# like: grace
# expect: loses relu_backward, mlp_grads, train, train_mlp

# %% relu_backward
def relu_backward(dY, Yt, at_zero=1.0):
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    dYt = dY.copy()
    dYt[dY < 0] = 0
    return dYt
