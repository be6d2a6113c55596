# Tidied up: the import, the tests, the plots and one exercise's cell are gone.
# like: grace
# delete: code-1 text-2 softmax-test cross_entropy-test plot-1 plot-2 relu_backward train-test
# expect: loses relu_backward (missing), mlp_grads, train, train_mlp
# notes: put back
