# Control: a wrong solution, graded after the attacks by the same workers.
# like: bob
# expect: loses softmax, softmax_ce_grad, mlp_grads, train, train_mlp
