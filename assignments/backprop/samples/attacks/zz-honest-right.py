# Control: a right solution, graded after the attacks by the same workers.
# like: grace
# expect: full
