"""A unit's notebook.py: what its cells become, and that every inconsistency is told with file, line and cure."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from autograder.errors import UnitError
from autograder.notebook import Unit, load_unit

NOTEBOOK = '''\
# A comment for authors; it goes nowhere.

# %% [markdown]
# # Softmax
#
# Rows sum to one.

# %%
import numpy as np

# %% [markdown]
# Write `softmax`.

# %% exercise="softmax" source="activations.softmax" forbid=["torch", "scipy"]
def softmax(z, axis=-1):
    """Softmax along an axis."""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="softmax"
assert np.allclose(softmax(np.zeros(2)), 0.5)

# %% run=false
import matplotlib.pyplot as plt

plt.plot(softmax(np.arange(3)))

# %% exercise="loss" source=["losses.cross_entropy", "losses.accuracy"]
def cross_entropy(z, k):
    """Loss of class k."""
    ### BEGIN SOLUTION
    ### END SOLUTION


def accuracy(z, k):
    """Is it k?"""
    ### BEGIN SOLUTION
    ### END SOLUTION

# %% test="loss"
display(cross_entropy(np.zeros(2), 0))

# %% [markdown] manual="proof" points=3
# Prove it.
#
# ### BEGIN MARK SCHEME
# One point for the chain rule, two for the sum.
# ### END MARK SCHEME

# %% [markdown] answer="proof"
'''

ACTIVATIONS = '''\
import numpy as np


def softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """What the reference says of itself.  [source]"""
    # The largest score cancels; without it exp overflows.
    z = z - np.max(z, axis=axis, keepdims=True)

    e = np.exp(z)  # (N, K)
    return e / e.sum(axis=axis, keepdims=True)
'''

LOSSES = '''\
import numpy as np

from reference.activations import softmax


def cross_entropy(z, k):
    return -np.log(softmax(z)[k])


def accuracy(z, k):
    """Is it?"""
    text = """
  as it stands
"""
    return float(np.argmax(z) == k) if text else 0.0
'''

HIDDEN = '''\
import numpy as np

from autograder.checks import agree, check


@check("softmax", points=1)
def test_rows(student, rng):
    """Rows sum to one."""


@check("softmax", points=0.5, twin=None)
def test_shift(student):
    """A shift changes nothing."""


@check("softmax", takes=1)
def test_untouched(student):
    """The scores stay as they are."""


@check("loss", points=2)
def test_loss(student):
    """The loss agrees."""
'''

FILES = {
    "assignments/tiny/notebook.py": NOTEBOOK,
    "assignments/tiny/test_hidden.py": HIDDEN,
    "reference/activations.py": ACTIVATIONS,
    "reference/losses.py": LOSSES,
}


def load(root: Path, **changes: tuple[str, str]) -> Unit:
    """The tiny unit with one text replaced in the files whose stem is named."""
    for name, text in FILES.items():
        old, new = changes.get(Path(name).stem, ("", ""))
        assert old in text
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.replace(old, new, 1) if old else text)
    return load_unit(root, "tiny")


def test_every_cell_gets_its_kind_and_id(tmp_path):
    """Ids are nbgrader's: exercise, exercise-test, question-..., and numbers by kind for the rest."""
    unit = load(tmp_path)
    assert [(cell.id, cell.kind, cell.exercise) for cell in unit.cells] == [
        ("text-1", "text", None),
        ("code-1", "code", None),
        ("text-2", "text", None),
        ("softmax", "exercise", "softmax"),
        ("softmax-test", "test", "softmax"),
        ("plot-1", "plot", None),
        ("loss-points", "text", None),
        ("loss", "exercise", "loss"),
        ("loss-test", "test", "loss"),
        ("proof-question", "question", None),
        ("proof", "answer", None),
    ]
    assert unit.cells[0].source == "# Softmax\n\nRows sum to one."
    assert [cell.line for cell in unit.cells[:4]] == [4, 9, 12, 15]


def test_exercises_know_their_functions_and_points(tmp_path):
    """Points are the sum of the checks, guards give none; forbidden names and sources come from the header."""
    unit = load(tmp_path)
    softmax, loss = unit.exercises
    assert (softmax.functions, softmax.source, softmax.forbid) == (
        ("softmax",),
        ("activations.softmax",),
        ("torch", "scipy"),
    )
    assert (loss.functions, loss.points, softmax.points) == (("cross_entropy", "accuracy"), 2.0, 1.5)
    assert [(each.id, each.points) for each in unit.manual] == [("proof", 3.0)]
    assert unit.exercise("loss") is loss
    assert unit.root == tmp_path


def test_points_and_forbidden_names_are_printed(tmp_path):
    """They end the text above the exercise; without a text there they stand in a cell of their own."""
    cells = {cell.id: cell.source for cell in load(tmp_path).cells}
    assert cells["text-2"] == "Write `softmax`.\n\n**Points:** 1.5. **Forbidden:** torch, scipy."
    assert cells["loss-points"] == "**Points:** 2."
    assert cells["proof-question"] == "Prove it.\n\n**Points:** 3, graded by hand."


def test_the_release_has_stubs(tmp_path):
    """Of a solution cell students get the signature, the docstring and the stub."""
    unit = load(tmp_path)
    first = 'def softmax(z, axis=-1):\n    """Softmax along an axis."""\n'
    assert unit.exercises[0].stub == first + "    # YOUR CODE HERE\n    raise NotImplementedError()"
    assert unit.exercises[1].stub.count("raise NotImplementedError()") == 2


def test_the_solution_is_the_body_of_the_reference(tmp_path):
    """Signature and docstring are the notebook's; statements, comments and blank lines the reference's."""
    cells = {cell.id: cell.solution for cell in load(tmp_path).cells}
    assert cells["softmax"] == (
        'def softmax(z, axis=-1):\n    """Softmax along an axis."""\n'
        "    # The largest score cancels; without it exp overflows.\n"
        "    z = z - np.max(z, axis=axis, keepdims=True)\n\n"
        "    e = np.exp(z)  # (N, K)\n"
        "    return e / e.sum(axis=axis, keepdims=True)"
    )
    assert '    text = """\n  as it stands\n"""\n' in cells["loss"]
    assert "return -np.log(softmax(z)[k])" in cells["loss"]
    assert "chain rule" in cells["proof-question"]


def test_a_solution_takes_the_indent_of_its_cell(tmp_path):
    """A reference indented by two fits a notebook indented by four."""
    thin = ACTIVATIONS.replace("    ", "  ")
    cells = {cell.id: cell.solution for cell in load(tmp_path).cells}
    wide = {cell.id: cell.solution for cell in load(tmp_path, activations=(ACTIVATIONS, thin)).cells}["softmax"]
    assert ast.dump(ast.parse(wide)) == ast.dump(ast.parse(cells["softmax"]))
    assert "\n    e = np.exp(z)  # (N, K)\n" in wide


def test_an_answer_may_hold_a_model_answer(tmp_path):
    """A solution region in an answer cell is for the solved notebook only."""
    model = '# %% [markdown] answer="proof"\n# ### BEGIN SOLUTION\n# By the chain rule.\n# ### END SOLUTION\n'
    cell = load(tmp_path, notebook=('# %% [markdown] answer="proof"\n', model)).cells[-1]
    assert (cell.source, cell.solution) == ("YOUR ANSWER HERE", "By the chain rule.")
    assert load(tmp_path).cells[-1].source == "YOUR ANSWER HERE"


def test_data_is_every_plain_file(tmp_path):
    """data/ is listed by name; droppings of editors are not data."""
    data = tmp_path / "assignments/tiny/data"
    (data / "sub").mkdir(parents=True)
    (data / ".ipynb_checkpoints").mkdir()
    for name in ("b.csv", "a.csv", "sub/c.txt", ".hidden", ".ipynb_checkpoints/x.csv"):
        (data / name).write_text("1")
    assert load(tmp_path).data == (Path("data/a.csv"), Path("data/b.csv"), Path("data/sub/c.txt"))
    (data / "link.csv").symlink_to("/etc/passwd")
    with pytest.raises(UnitError, match=r"^assignments/tiny/data/link.csv:1: data/ holds a link. Put the file itself"):
        load(tmp_path)


def test_jupytext_reads_the_same_cells():
    """The file is plain py:percent: an author may open it in Jupyter through jupytext."""
    jupytext = pytest.importorskip("jupytext")
    from autograder.notebook.text import split

    text = NOTEBOOK.partition("\n\n")[2]
    theirs = jupytext.reads(text, fmt="py:percent").cells
    ours = split(text, "notebook.py")
    assert [(cell.cell_type == "markdown", cell.source) for cell in theirs] == [
        (raw.markdown, "\n".join(raw.lines)) for raw in ours
    ]
    # lines_to_next_cell is jupytext's own, the metadata that a release must not carry
    told = [{key: cell.metadata[key] for key in cell.metadata if key != "lines_to_next_cell"} for cell in theirs]
    assert told == [dict(raw.keys) for raw in ours]


# name: (file, old text, new text, start of the message)
N, H, A = "notebook", "test_hidden", "activations"
PLACE = {N: "assignments/tiny/notebook.py", H: "assignments/tiny/test_hidden.py", A: "reference/activations.py"}
SLIPS = {
    "unquoted value": (
        N,
        'test="softmax"',
        "test=softmax",
        ":20: the value of 'test' is not JSON: softmax. Quote text",
    ),
    "NaN": (N, "points=3", "points=NaN", ":43: the value of 'points' is not JSON: NaN."),
    "single quotes": (N, 'test="softmax"', "test='softmax'", ":20: the value of 'test' is not JSON: 'softmax'."),
    "unknown key": (N, "forbid=", "forbids=", ":14: unknown key 'forbids'. Did you mean 'forbid'?"),
    "foreign key": (N, "run=false", "tags=[]", ":23: unknown key 'tags'. A code cell knows exercise, source"),
    "doubled key": (N, 'test="softmax"', 'test="softmax" test="loss"', ":20: 'test' is given twice. Keep one of them."),
    "glued keys": (N, 'softmax" forbid', 'softmax"forbid', ":14: 'forbid="),
    "title": (N, "# %% run=false", "# %% Plot", ":23: 'Plot' is not key=value."),
    "no space": (N, "# %% run=false", "#%% run=false", ":23: '#%% run=false' is not a cell header. Write '# %%'"),
    "raw cell": (N, "# %% run=false", "# %% [raw]", ":23: '[raw]' is not key=value."),
    "text key in code": (N, 'test="softmax"', "points=1", ":20: 'points' belongs to a [markdown] cell, this is a code"),
    "code key in text": (
        N,
        '[markdown] manual="proof" points=3',
        "[markdown] run=false",
        ":43: 'run' belongs to a code",
    ),
    "run=true": (N, "run=false", "run=true", ":23: run= can only be false"),
    "exercise without source": (
        N,
        ' source="activations.softmax" forbid=["torch", "scipy"]',
        "",
        ":14: exercise alone is",
    ),
    "two roles": (N, 'test="softmax"', 'test="softmax" run=false', ":20: run and test do not go together. Make two"),
    "text first": (N, "# A comment for", "A comment for", ":1: there is text before the first cell. Start with"),
    "uncommented text": (N, "# Rows sum", "Rows sum", ":6: a line of a [markdown] cell does not start with '# '."),
    "empty cell": (N, "import numpy as np\n", "", ":8: the cell is empty. Fill it or remove it."),
    "bad id": (N, 'test="softmax"', 'test="soft-max"', ":20: test='soft-max' is not an id. Use a letter, then"),
    "points as text": (N, "points=3", 'points="3"', ":43: points='3' is not a number above 0."),
    "no points": (N, "points=3", "points=0", ":43: points=0 is not a number above 0."),
    "points are true": (N, "points=3", "points=true", ":43: points=True is not a number above 0."),
    "forbid as text": (N, '["torch", "scipy"]', '"torch"', ":14: forbid='torch' is not a dotted name. Write forbid=["),
    "forbid twice": (N, '["torch", "scipy"]', '["torch", "torch"]', ":14: forbid= is empty or names one thing twice."),
    "source without module": (N, '"activations.softmax"', '"softmax"', ":14: source='softmax' is not module.function."),
    "no such module": (
        N,
        "activations.softmax",
        "activation.softmax",
        ":14: source='activation.softmax': there is no ref",
    ),
    "no such function": (
        N,
        "activations.softmax",
        "activations.softmx",
        ":14: source='activations.softmx': reference/act",
    ),
    "too many sources": (
        N,
        '"losses.accuracy"]',
        '"losses.accuracy", "losses.x"]',
        ":28: source= names 3 function(s), the",
    ),
    "a class": (N, "def accuracy(z, k)", "class accuracy", ":35: 'accuracy' is not a plain function."),
    "no region": (N, "    ### BEGIN SOLUTION\n    ### END SOLUTION\n", "", ":15: every function needs one '### BEGIN"),
    "open region": (N, "    ### END SOLUTION\n", "", ":17: '### BEGIN SOLUTION' is never closed."),
    "END first": (N, "### BEGIN SOLUTION", "### END SOLUTION", ":17: '### END SOLUTION' without its partner."),
    "body in the cell": (
        N,
        '"""Is it k?"""',
        '"""Is it k?"""\n    return z',
        ":35: accuracy is more than a docstring.",
    ),
    "no docstring": (N, '"""Is it k?"""', "pass", ":35: accuracy is more than a docstring."),
    "solution in the cell": (
        N,
        "N\n    ### END",
        "N\n    # so\n    ### END",
        ":18: a solution stands in the notebook.",
    ),
    "region before the def": (
        N,
        'z, k):\n    """Is it k?"""\n    ### BEGIN SOLUTION\n    ### END SOLUTION',
        'z, k):\n    ### BEGIN SOLUTION\n    ### END SOLUTION\n    """Is it k?"""',
        ":36: this region does not follow accuracy's docstring.",
    ),
    "hidden tests": (
        N,
        "assert np",
        "### BEGIN HIDDEN TESTS\nassert np",
        ":21: hidden tests stand in test_hidden.py only.",
    ),
    "marker in text": (
        N,
        "# Rows sum",
        "# ### BEGIN SOLUTION",
        ":4: '### BEGIN SOLUTION' does not belong in this kind",
    ),
    "not Python": (N, "assert np.allclose", "assert np.allclose(", ":21: not Python: '(' was never closed."),
    "magic": (N, "import numpy as np", "%matplotlib inline", ":9: not Python: invalid syntax. Mend the cell (magics"),
    "broken stub": (N, "def softmax(z, axis=-1):", "def softmax(z, axis=-1)", ":15: not Python: expected ':'."),
    "star import": (N, "import numpy as np", "from numpy import *", ":9: 'import *' hides what is defined."),
    "other parameter": (
        N,
        "def softmax(z, axis=-1)",
        "def softmax(x, axis=-1)",
        ":15: softmax(x, axis=-1) differs from",
    ),
    "other default": (
        N,
        "def softmax(z, axis=-1)",
        "def softmax(z, axis=0)",
        ":15: softmax(z, axis=0) differs from act",
    ),
    "keyword only": (N, "def softmax(z, axis=-1)", "def softmax(z, *, axis=-1)", ":15: softmax(z, *, axis=-1) differs"),
    "id taken": (
        N,
        'exercise="loss"',
        'exercise="softmax"',
        ":28: the id 'softmax' is taken; the first is in line 14.",
    ),
    "second test": (N, 'test="loss"', 'test="softmax"', ":40: exercise 'softmax' has a second test cell; the first is"),
    "second answer": (
        N,
        '# %% [markdown] answer="proof"\n',
        '# %% [markdown] answer="proof"\n# %% [markdown] answer="proof"\n',
        ":51: 'proof' has a second answer cell; the first is in line 50.",
    ),
    "test of nothing": (
        N,
        'test="loss"',
        'test="los"',
        ":40: test='los' has no exercise above it. Did you mean 'loss'?",
    ),
    "answer to nothing": (N, 'answer="proof"', 'answer="prof"', ":50: answer='prof' has no question above it. Did you"),
    "no test": (
        N,
        'test="softmax"',
        "run=false",
        ":14: exercise 'softmax' has no visible test. Add a cell '# %% test=",
    ),
    "no answer": (N, '[markdown] answer="proof"', "[markdown]\n# x", ":43: question 'proof' has no answer cell. Add a"),
    "same function twice": (
        N,
        'source=["losses.cross_entropy", "losses.accuracy"]\ndef cross_entropy(z, k)',
        'source=["activations.softmax", "losses.accuracy"]\ndef softmax(z, axis=-1)',
        ":28: softmax is the function of exercise 'softmax' too.",
    ),
    "undefined in given code": (
        N,
        "import numpy as np",
        "np = numpy",
        ":9: 'numpy' is used, which no earlier cell defines.",
    ),
    "undefined in the solution": (
        N,
        "import numpy as np",
        "x = 1",
        ":15: the solution of 'softmax' uses 'np', which no",
    ),
    "undefined in the test": (N, "np.zeros(2)), 0.5", "zeros(2)), 0.5", ":21: 'zeros' is used, which no earlier cell"),
    "defined outside the box": (
        N,
        "# %%\nimport numpy",
        "# %% run=false\nimport numpy",
        ":15: the solution of 'softmax'",
    ),
    "display in the box": (
        N,
        "import numpy as np",
        "import numpy as np\ndisplay(1)",
        ":10: 'display' is used, which no",
    ),
    "helper of the reference": (
        A,
        "e = np.exp(z)",
        "e = _exp(z)",
        "N:15: the solution of 'softmax' uses '_exp', which",
    ),
    "reference not Python": (A, "def softmax(", "def softmax((", ":4: not Python"),
    "reference decorated": (
        A,
        "def softmax(",
        "@np.vectorize\ndef softmax(",
        ":5: softmax has no body, or has a decorator",
    ),
    "points of nothing": (
        H,
        '"loss", points=2',
        '"los", points=2',
        ":21: there is no exercise 'los' in notebook.py. Did",
    ),
    "no check at all": (
        H,
        '"loss", points=2',
        '"softmax", points=2',
        "N:28: exercise 'loss' has no points. Add @check(",
    ),
    "guards only": (H, '"loss", points=2', '"loss", takes=2', "N:28: exercise 'loss' has no points."),
    "computed points": (H, "points=2", "points=1 + 1", ":21: points=1 + 1 is not a number above 0. Write it out: the"),
    "negative points": (H, "points=2", "points=-2", ":21: points=-2 is not a number above 0."),
    "points and takes": (
        H,
        "points=2",
        "points=2, takes=1",
        ":21: @check on test_loss needs either points= or takes=.",
    ),
    "neither": (H, '"loss", points=2', '"loss"', ":21: @check on test_loss needs either points= or takes=."),
    "spread keywords": (H, "points=2", "points=2, **more", ":21: @check on test_loss needs either points= or takes=."),
    "computed exercise": (
        H,
        '"loss", points=2',
        "LOSS, points=2",
        ":21: @check on test_loss does not name its exercise.",
    ),
    "bare check": (H, '@check("loss", points=2)', "@check", ":21: @check on test_loss does not name its exercise."),
    "not collected": (
        H,
        "def test_loss",
        "def loss_test",
        ":21: @check stands on loss_test, not on a top-level function",
    ),
    "shadowed": (H, "def test_loss", "def test_rows", ":22: test_rows is defined in line 7 too. Give it its own name."),
    "unchecked": (H, '@check("loss", points=2)\n', "", ":21: test_loss has no @check. Add @check("),
    "hidden not Python": (H, "import numpy as np", "import numpy as", ":1: not Python: invalid syntax."),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_every_slip_has_its_line_and_cure(tmp_path, slip):
    """A mistake is one line: file, line, what is wrong, what to do."""
    file, old, new, told = SLIPS[slip]
    place = PLACE[N] if told.startswith("N:") else PLACE[file]
    with pytest.raises(UnitError) as err:
        load(tmp_path, **{file: (old, new)})
    assert str(err.value).startswith(place + told.removeprefix("N"))
    assert "\n" not in str(err.value)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("notebook.py", None, ":1: the file is missing. Create it, or remove the unit from course.yaml."),
        ("test_hidden.py", None, ":1: the file is missing."),
        ("notebook.py", b"", ":1: the notebook has no cells."),
        ("notebook.py", b"# %%\nx = '\xe9'\n", ":1: the file is not UTF-8 text. Save it as UTF-8."),
    ],
)
def test_missing_and_foreign_files_say_so(tmp_path, name, text, told):
    """A file that is not there, or not text, is a line too."""
    load(tmp_path)
    file = tmp_path / "assignments/tiny" / name
    file.unlink()
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(UnitError) as err:
        load_unit(tmp_path, "tiny")
    assert str(err.value).startswith(f"assignments/tiny/{name}{told}")


def test_reading_runs_nothing(tmp_path):
    """Neither the reference nor the tests nor the notebook are imported."""
    bomb = "raise SystemExit\n"
    load(
        tmp_path,
        activations=("import numpy as np\n", "import numpy as np\n" + bomb),
        test_hidden=("import numpy as np\n", "import numpy as np\n" + bomb),
    )


def test_what_all_exercises_forbid_is_absent(tmp_path):
    """A library that one exercise allows, or that a cell imports, must be there."""
    plain, both = '"losses.accuracy"]', '"losses.accuracy"] forbid=["torch", "sklearn", "mylib"]'
    assert load(tmp_path).absent == ()
    assert load(tmp_path, notebook=(plain, both)).absent == ("torch",)
    imported = load(tmp_path, notebook=("import numpy as np\n", "import numpy as np\nimport torch.nn as nn\n"))
    assert imported.imports == {"numpy", "torch"}
    (tmp_path / "assignments/tiny/notebook.py").write_text(
        NOTEBOOK.replace(plain, both).replace("import numpy as np\n", "import numpy as np\nimport torch\n", 1)
    )
    assert load_unit(tmp_path, "tiny").absent == ()
