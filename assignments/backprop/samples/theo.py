# Forgets to return: relu_backward prints its result instead, and it shows in all that calls it.
# like: amelie
# expect: loses relu_backward, mlp_grads (crashed), train (crashed), train_mlp (crashed)

# %% relu_backward
def relu_backward(dY, Yt, at_zero=1.0):
    """dYt of Y = relu(Yt): dY where Yt > 0, at_zero * dY where Yt = 0, 0 where Yt < 0."""
    result = np.where(Yt > 0, dY, 0)
    result = np.where(Yt == 0, at_zero * dY, result)
    print(result)
