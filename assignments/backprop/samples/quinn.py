# Imports a package that the course does not have, in a cell of her own. That cell fails; her functions are fine.
# like: niels
# expect: full

# %% after code-1
import seaborn as sns
sns.set_theme()
lr = 0.05
