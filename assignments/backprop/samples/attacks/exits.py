# Ends the process with status 0 before the answer: os._exit, sys.exit in a call and in a cell, a signal, atexit.
# like: mia

# %% after code-1
import atexit, os, signal, sys
atexit.register(print, "all tests passed")

# %% relu_backward
def relu_backward(dY, Yt, at_zero=1.0):
    os._exit(0)

# %% linear_backward
def linear_backward(dYt, W, Y):
    sys.exit(0)

# %% mlp_grads
def mlp_grads(params, X, P, lam=0.0):
    os.kill(os.getpid(), signal.SIGKILL)

# %% after train
os.kill(os.getppid(), signal.SIGTERM)
sys.exit(0)
