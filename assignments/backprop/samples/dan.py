# Has read "S - P" on a slide: forgets that the rows of P need not sum to one, and divides nowhere.
# like: ada
# expect: loses softmax_ce_grad, mlp_grads, train, train_mlp

# %% softmax_ce_grad
def softmax_ce_grad(Y, P):
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    # from the lecture!
    return softmax(Y) - P
