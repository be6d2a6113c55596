# A lively notebook: !pip, %matplotlib, %timeit, warnings, plots, pages of output and a forgotten input().
# like: grace
# expect: full
# notes: EOF when reading a line

# %% after code-1
!pip install --quiet numpy matplotlib seaborn
%matplotlib inline
%load_ext autoreload
import time, warnings
warnings.warn("I always forget to remove this")
start_time = time.time()

# %% softmax
def softmax(z):
    """Softmax along the last axis.  z (K,) or (N, K) -> same shape."""
    print("softmax got", type(z), z.shape)     # debug!!
    logits = z - np.amax(z, axis=-1, keepdims=True)
    return np.exp(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))

# %% after softmax
%timeit -n 10 -r 1 softmax(np.ones((4, 3)))
?np.exp

# %% after relu_backward
import matplotlib.pyplot as plt
t = np.linspace(-2, 2, 101)
plt.plot(t, relu_backward(np.ones(101), t), label="slope of ReLU")
plt.legend()
plt.savefig("relu.png")
plt.show()

# %% cross_entropy
def cross_entropy(S, P):
    """Mean over the rows of -sum_k P_k ln S_k, with 0 ln 0 = 0.  S, P (N, K) -> float."""
    warnings.warn("clipping")
    out = -np.mean(np.sum(P * np.log(np.clip(S, 1e-15, None)), axis=1))
    print(f"{out=}")
    return out

# %% after train_mlp
epochs = int(input("How many epochs? "))
print("never comes here")

# %% after train_mlp
for i in range(20000):
    print("still alive after", time.time() - start_time, "seconds", i)
