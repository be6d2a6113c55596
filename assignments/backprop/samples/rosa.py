# Lets torch differentiate in exercise 3. The numbers are right; the exercise said to write it by hand.
# like: emmy
# expect: loses softmax_ce_grad (forbidden)

# %% softmax_ce_grad
import torch
import torch.nn.functional as F

def softmax_ce_grad(Y, P):
    """Gradient of cross_entropy(softmax(Y), P) with respect to Y.  Y, P (N, K) -> (N, K)."""
    y = torch.tensor(Y, requires_grad=True)
    loss = -(torch.tensor(P) * F.log_softmax(y, dim=1)).sum(dim=1).mean()
    loss.backward()
    return y.grad.numpy()
