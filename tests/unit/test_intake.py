"""A file becomes a submission, or is refused in one line; whatever happened to its cells, each gets its place back."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import intake, release
from autograder.errors import SubmissionError
from autograder.intake import archive, code, formats
from autograder.notebook import Exercise, Manual, Unit, UnitCell, load_unit

SOFTMAX_STUB = 'def softmax(z):\n    """Rows sum to one."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
PAIR_STUB = (
    "def mean(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n\n"
    "def var(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
)
SOFTMAX = "def softmax(z):\n    return np.exp(z) / np.exp(z).sum(-1, keepdims=True)"
PAIR = "def mean(x):\n    return x.sum() / len(x)\n\ndef var(x):\n    return mean((x - mean(x)) ** 2)"

_CELLS = (
    ("text-1", "text", "# Welcome", None),
    ("code-1", "code", "import numpy as np", None),
    ("softmax", "exercise", SOFTMAX_STUB, "softmax"),
    ("softmax-test", "test", "assert softmax([0.0])[0] == 1", "softmax"),
    ("code-2", "code", "data = np.arange(3)", None),
    ("pair", "exercise", PAIR_STUB, "pair"),
    ("plot-1", "plot", "plt.plot(data)", None),
    ("proof-question", "question", "Why?", None),
    ("proof", "answer", "YOUR ANSWER HERE", None),
)
UNIT = Unit(
    name="tiny",
    folder=Path("/nowhere/assignments/tiny"),
    cells=tuple(UnitCell(id, kind, source, source, 1, exercise) for id, kind, source, exercise in _CELLS),
    exercises=(
        Exercise("softmax", ("softmax",), ("a.softmax",), (), 2.0, SOFTMAX_STUB),
        Exercise("pair", ("mean", "var"), ("a.mean", "a.var"), (), 2.0, PAIR_STUB),
    ),
    manual=(Manual("proof", 3.0),),
    data=(),
)


def a_cell(source: str, id: str | None = None, kind: str = "code", **more) -> dict:
    metadata = {"nbgrader": {"grade_id": id, "grade": False}} if id else {}
    return {"cell_type": kind, "metadata": metadata, "source": source, "outputs": []} | more


def released(**changes: str) -> list[dict]:
    """The unit's notebook with some cells' sources changed (dashes of an id as underscores)."""
    text = ("text", "question", "answer")
    sources = {id: changes.get(id.replace("-", "_"), source) for id, _, source, _ in _CELLS}
    return [a_cell(sources[id], id, "markdown" if kind in text else "code") for id, kind, _, _ in _CELLS]


def solved() -> list[dict]:
    return released(softmax=SOFTMAX, pair=PAIR, proof="Because.")


def as_notebook(cells: list, **more) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells} | more).encode()


def taken(cells: list | bytes, filename: str = "alice.ipynb"):
    return intake.read(cells if isinstance(cells, bytes) else as_notebook(cells), filename, UNIT)


def run_of(found) -> list[tuple[str, str]]:
    return [(cell.id, cell.source) for cell in found.cells]


def refused(data: bytes, filename: str = "alice.ipynb") -> str:
    with pytest.raises(SubmissionError) as caught:
        intake.read(data, filename, UNIT)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    return str(caught.value)


def taken_or_refused(data: bytes, filename: str):
    try:
        return intake.read(data, filename, UNIT)
    except SubmissionError as error:
        lines = str(error).splitlines()
    assert len(lines) == 1
    return None


FULL = [("code-1", "import numpy as np"), ("softmax", SOFTMAX), ("code-2", "data = np.arange(3)"), ("pair", PAIR)]


# ---------------------------------------------------------------- what runs


def test_a_solved_notebook():
    """Given code and solutions run in order; texts, tests and plots do not; the manual answer is read; no notes."""
    found = taken(solved())
    assert run_of(found) == FULL
    assert [cell.exercise for cell in found.cells] == [None, "softmax", None, "pair"]
    assert found.manual == {"proof": "Because."}
    assert found.notes == ()
    assert intake.unsolved(found, UNIT) == ()


def test_the_untouched_release_is_unsolved():
    """A release handed in as it was has stubs, no answer, and no note."""
    found = taken(released())
    assert intake.unsolved(found, UNIT) == ("softmax", "pair")
    assert found.manual == {"proof": ""}
    assert found.notes == ()


def test_own_cells_run_where_they_stood():
    """Cells that the student added keep their place; own texts and empty cells are left out."""
    cells = solved()
    cells.insert(2, a_cell("import math"))
    cells.insert(3, a_cell("my notes", kind="markdown"))
    cells.append(a_cell("%timeit softmax(data)\n!ls"))
    cells.append(a_cell("  \n"))
    cells.insert(0, a_cell("print('first')"))
    assert [id for id, _ in run_of(taken(cells))] == [
        "added-1",
        "code-1",
        "added-2",
        "softmax",
        "code-2",
        "pair",
        "added-3",
    ]
    assert taken(cells).cells[-1].source == "%timeit softmax(data)\n!ls"


@pytest.mark.parametrize("source", ["import numpy as fake", "", "np = None  # mine"])
def test_an_edited_given_cell_is_restored(source):
    """What runs of a given cell is the unit's own text, with a note that names the cell."""
    found = taken(released(softmax=SOFTMAX, pair=PAIR, code_1=source))
    assert run_of(found) == FULL
    assert len(found.notes) == 1
    assert found.notes[0].startswith("code-1")


def test_deleted_cells_are_put_back():
    """Given cells come back as they were, solutions as stubs, each with a note."""
    found = taken([cell for cell in solved() if cell["metadata"]["nbgrader"]["grade_id"] not in ("code-2", "pair")])
    assert run_of(found) == [*FULL[:3], ("pair", PAIR_STUB)]
    assert intake.unsolved(found, UNIT) == ("pair",)
    assert sorted(note[:6] for note in found.notes) == ["code-2", "pair: "]


def test_an_emptied_solution_is_missing():
    """A cell with nothing but comments left is a stub again."""
    found = taken(released(softmax="# nothing yet\n", pair=PAIR))
    assert found.cells[1].source == SOFTMAX_STUB
    assert intake.unsolved(found, UNIT) == ("softmax",)


def test_a_retyped_solution_is_read_as_code():
    """A solution cell that became text (one wrong key in Jupyter) still counts, with a note."""
    cells = solved()
    cells[2]["cell_type"] = "markdown"
    found = taken(cells)
    assert run_of(found) == FULL
    assert "text cell" in found.notes[0]


def test_a_retyped_given_cell_does_not_matter():
    """A locked text made code does not run; a locked code made text or raw is restored."""
    cells = solved()
    cells[0]["cell_type"] = "code"
    cells[1]["cell_type"] = "raw"
    assert run_of(taken(cells)) == FULL


def test_moved_cells_go_back_in_order():
    """The unit's order runs; an own cell still comes after everything that ran before it."""
    cells = solved()
    cells.append(cells.pop(1))
    cells.append(a_cell("print(np)"))
    assert run_of(taken(cells)) == [*FULL, ("added-1", "print(np)")]


# ---------------------------------------------------------------- ids are claims


def test_of_doubled_ids_the_last_with_a_solution_counts():
    """A copied cell carries the mark twice: the last that is no stub counts, stubs never run, others run before it."""
    older = SOFTMAX.replace("return", "print('old'); return")
    cells = solved()
    cells.insert(2, a_cell(older, "softmax"))
    cells.insert(4, a_cell(SOFTMAX_STUB, "softmax"))
    found = taken(cells)
    assert run_of(found) == [FULL[0], ("added-1", older), *FULL[1:]]
    assert "3 cells carry its mark" in found.notes[0]


def test_a_copy_of_a_given_cell_is_the_students_own():
    """A given cell copied and rewritten runs as the student's; the original is recognised by its text."""
    cells = solved()
    cells.insert(1, a_cell("import math", "code-1"))
    cells.insert(3, a_cell("import numpy as np", "code-1"))
    found = taken(cells)
    assert run_of(found) == [("added-1", "import math"), *FULL]
    assert found.notes == ()


def test_swapped_ids_are_put_right():
    """Two solutions with each other's marks are told apart by what they define."""
    cells = released(softmax=PAIR, pair=SOFTMAX)
    assert run_of(taken(cells)) == FULL


@pytest.mark.parametrize("claim", ["code-1", "softmax-test", "text-1", "plot-1", "pair", "unknown", None])
def test_a_re_pointed_solution_is_found(claim):
    """A solution under another cell's mark, or none, is found by its function; no given cell can be replaced so."""
    cells = [cell for cell in solved() if cell["metadata"]["nbgrader"]["grade_id"] != "softmax"]
    cells.insert(1, a_cell(SOFTMAX, claim))
    found = taken(cells)
    assert run_of(found) == FULL
    assert any("softmax" in note for note in found.notes)


def test_a_given_cell_cannot_be_taken_over():
    """A cell that claims to be a given one, and defines something else, does not run in its place."""
    cells = solved()
    cells[4]["source"] = "data = 'mine'"
    assert run_of(taken(cells)) == FULL


def test_a_solution_beside_its_stub():
    """Solved in a cell of one's own below the stub: the solution takes the stub's place."""
    cells = released(pair=PAIR)
    cells.insert(5, a_cell(SOFTMAX))
    found = taken(cells)
    assert run_of(found) == FULL
    assert "cell 6" in found.notes[0]
    assert intake.unsolved(found, UNIT) == ()


def test_a_definition_repeated_later_stays_the_students_own():
    """The marked cell is the solution; a later cell that defines it again runs after it, as in Jupyter."""
    cells = solved()
    again = SOFTMAX.replace("exp", "exp2")
    cells.insert(4, a_cell(again))
    assert run_of(taken(cells)) == [*FULL[:2], ("added-1", again), *FULL[2:]]


def test_two_solutions_in_one_cell():
    """Both exercises solved in one cell: it runs once, no stub comes after it, nothing is missing."""
    cells = released(softmax=f"{SOFTMAX}\n\n{PAIR}")
    found = taken(cells)
    assert run_of(found) == [FULL[0], ("softmax", f"{SOFTMAX}\n\n{PAIR}"), FULL[2]]
    assert intake.unsolved(found, UNIT) == ()


# ---------------------------------------------------------------- stubs


@pytest.mark.parametrize(
    "source",
    [
        SOFTMAX_STUB,
        SOFTMAX_STUB.replace("    # YOUR CODE HERE\n", "    # what now?\n\n"),
        SOFTMAX_STUB.replace("Rows sum to one.", "Rows  sum to 1."),
        SOFTMAX_STUB.replace("NotImplementedError()", "NotImplementedError( )") + "\n# end",
        "%matplotlib inline\n" + SOFTMAX_STUB,
        SOFTMAX_STUB.replace("\n", "\r\n"),
    ],
)
def test_a_stub_is_a_stub(source):
    """Space, comments, line ends, docstrings and magics do not make a solution."""
    assert intake.unsolved(taken(released(softmax=source, pair=PAIR)), UNIT) == ("softmax",)


@pytest.mark.parametrize(
    "source",
    [
        SOFTMAX,
        "softmax = lambda z: z",
        "%%time\n" + SOFTMAX,
        "def softmax(z):\n    return (",  # wrong is not missing
        "async def softmax(z): ...",
        "class softmax: ...",
        "def helper(): ...",
        "softmax = " + "(" * 300 + "1" + ")" * 300,
        "softmax = " + "-" * 90_000 + "1",
        f"softmax = {'9' * 50_000}",
    ],
)
def test_a_try_is_not_a_stub(source):
    """Whatever a student wrote in the cell, right or wrong or absurd, it is no untouched stub."""
    found = taken(released(softmax=source, pair=PAIR))
    assert found.cells[1].source == source
    assert intake.unsolved(found, UNIT) == ()


def test_half_of_a_cell_is_not_missing():
    """One of two functions written is a try."""
    half = PAIR_STUB.replace("# YOUR CODE HERE\n    raise NotImplementedError()", "return x", 1)
    assert intake.unsolved(taken(released(softmax=SOFTMAX, pair=half)), UNIT) == ()


def test_an_alias_in_an_own_cell_solves():
    """`softmax = my_softmax` below the stub is an answer."""
    cells = released(pair=PAIR)
    cells.insert(3, a_cell("softmax = np.tanh"))
    assert intake.unsolved(taken(cells), UNIT) == ()


def test_other_languages_define_nothing():
    """The text below %%bash or %%writefile is no solution."""
    assert code.definitions(f"%%writefile x.py\n{SOFTMAX}") == {}
    assert code.definitions("%matplotlib inline\nx = !ls\ndef f(): ...\nprint?\n").keys() == {"x", "f"}


@pytest.mark.parametrize(
    ("source", "is_seen"),
    [
        ("import matplotlib.pyplot as plt", True),
        ("x = 1\n    from matplotlib import cm", True),
        ("import numpy as np, matplotlib", True),
        ("# import matplotlib", False),
        ("%matplotlib inline", False),
        ("import my_matplotlib_helpers", False),
        ("plt = 'matplotlib'", False),
    ],
)
def test_what_the_cells_import(source, is_seen):
    """The beginning of a line decides: a wrong guess costs time and nothing else."""
    cells = released(softmax=SOFTMAX)
    cells.insert(3, a_cell(source))
    assert intake.imports(taken(cells), "matplotlib") is is_seen


# ---------------------------------------------------------------- many kinds of files


def without_marks(cells: list[dict]) -> list[dict]:
    """As Colab may save it: no nbgrader metadata, ids of its own."""
    return [cell | {"metadata": {"id": f"xYz{n}", "colab": {}}} for n, cell in enumerate(cells)]


def test_a_notebook_without_marks():
    """Cells without any mark are recognised by functions and text, tests among them do not run; one note says so."""
    found = taken(without_marks(solved()))
    assert run_of(found) == FULL
    assert found.manual == {"proof": "Because."}
    assert len(found.notes) == 1
    assert "no cell marks" in found.notes[0]


def test_cell_ids_are_enough():
    """Where the metadata went but nbformat's cell ids stayed, nothing is lost."""
    cells = [cell | {"metadata": {}, "id": cell["metadata"]["nbgrader"]["grade_id"]} for cell in solved()]
    assert run_of(taken(cells)) == FULL
    assert taken(cells).notes == ()


@pytest.mark.parametrize(
    "name",
    [
        "alice (1).ipynb",
        "alice.ipynb.json",
        "ALICE.IPYNB",
        "alice",
        "alice.ipynb.txt",
        "alice.json",
        "alice.py",
        "ü.ipynb",
    ],
)
def test_the_name_does_not_matter(name):
    """A notebook is known by its content."""
    assert run_of(taken(as_notebook(solved()), name)) == FULL


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: json.dumps(json.loads(data), indent=1).replace("\n", "\r\n").encode(),
        lambda data: data.decode().encode("utf-16"),
        lambda data: b"  \n" + data,
    ],
)
def test_editors_of_all_kinds(change):
    """Byte-order marks, CRLF, UTF-16 and leading space are no reason to refuse work."""
    assert run_of(taken(change(as_notebook(solved())))) == FULL


def test_sources_as_lists_and_with_crlf():
    """A source is a string or a list of lines, with any line ends."""
    cells = [cell | {"source": cell["source"].replace("\n", "\r\n").splitlines(keepends=True)} for cell in solved()]
    assert run_of(taken(cells)) == FULL


def test_notebook_format_3():
    """Worksheets, `input` and heading cells of the old format are read."""
    cells = [
        {"cell_type": "code", "input": cell["source"], "metadata": cell["metadata"]}
        if cell["cell_type"] == "code"
        else cell
        for cell in solved()
    ]
    data = json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}).encode()
    assert run_of(taken(data)) == FULL


def test_a_script_in_percent_cells():
    """A .py in cells, with jupytext's marks, ours or none."""
    script = f"""# ---
# jupyter: {{}}
# ---
# %% [markdown] nbgrader={{"grade_id": "text-1"}}
# # Welcome
# %% nbgrader={{"grade": false, "grade_id": "code-1"}}
import numpy as np
# %% exercise="softmax" source="a.softmax"
{SOFTMAX}
# %%
{PAIR}
# %% [markdown] answer="proof"
# Because.
#
# It is.
"""
    found = taken(script.encode(), "alice.py")
    assert run_of(found) == FULL
    assert found.manual == {"proof": "Because.\n\nIt is."}


def test_a_script_without_cells():
    """One single cell with all functions runs once, after the given code that stands before it."""
    script = f"import math\n{SOFTMAX}\n\n{PAIR}\n"
    found = taken(script.encode(), "alice.py")
    assert [cell.id for cell in found.cells] == ["code-1", "softmax", "code-2"]
    assert found.cells[1].source == script.strip()
    assert intake.unsolved(found, UNIT) == ()


def test_a_script_of_nbconvert():
    """`# In[3]:` separates cells."""
    script = f"#!/usr/bin/env python\n# coding: utf-8\n\n# In[ ]:\n\n\n{SOFTMAX}\n\n\n# In[3]:\n\n\n{PAIR}\n"
    assert [source for _, source in run_of(taken(script.encode(), "a.py")) if "def" in source] == [SOFTMAX, PAIR]


def test_a_latin_1_script():
    """Bytes that are not UTF-8 are read as far as possible, with a note."""
    found = taken(f"# caf\xe9\n{SOFTMAX}".encode("latin-1"), "alice.py")
    assert "not UTF-8" in found.notes[0]


def test_another_units_file_is_said():
    """A notebook that names another unit is read, with a note."""
    data = as_notebook(solved(), metadata={"autograder": {"unit": "other"}})
    assert "another unit" in taken(data).notes[0]


def test_lone_surrogates_and_nul_are_replaced():
    """What no database and no socket can carry does not come in."""
    data = as_notebook(released(softmax=SOFTMAX + "\n# X")).replace(b"# X", b"# \\ud800\\u0000")
    assert taken(data).cells[1].source.endswith("# ��")


# ---------------------------------------------------------------- hostile files


def test_huge_files_are_refused_unread():
    """The size is looked at before anything else."""
    assert "10.0 MB" in refused(b"[" * 10_000_001)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"{", "no JSON at line 1"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b'{"cells": [], "nbformat": ' + b"1" * 1_000_000 + b"}", "1000000 digits"),
        (b'{"cells": [], "cells": []}', "same key twice"),
        (b'{"cells": [{"source": "a", "source": "b"}]}', "same key twice"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"null", "no cells"),
        (b"[]", "no cells"),
        (b'"text"', "no cells"),
        (b"{}", "no cells"),
        (b'{"cells": {}}', "no cells"),
        (b'{"cells": [7]}', "cell 1"),
        (b'{"cells": [{"source": {}, "cell_type": "code"}, {"source": {"a": 1}}]}', "cell 2"),
        (b'{"cells": [{"source": ["a", 7]}]}', "cell 1"),
        (b'{"worksheets": [7]}', "no cells"),
        (b"\x1f\x8b\x08" + b"0" * 40, "gzip"),
        (b"7z\xbc\xaf\x27\x1c" + b"0" * 40, "7z"),
        (b"\x80\x04\x95pickle", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b'{"cells": ' + b"[" * 101 + b"]" * 101 + b"}", "nested too deeply"),
        (as_notebook([a_cell("")] * 2001), "2001 cells"),
        (as_notebook([a_cell("x" * 600_000)] * 2), "characters of code"),
    ],
)
def test_broken_files_are_one_line(data, word):
    """Each broken or hostile file is one line with its reason."""
    assert word in refused(data)


@pytest.mark.parametrize(
    "piece", ["[]", "{}", '{"a":0}', '""', "1", "NaN", "[" * 90 + "]" * 90, "%x", '"%x😀":"%x"', '"\\\\",[]']
)
def test_a_million_pieces_are_refused_before_they_are_parsed(piece, monkeypatch):
    """Each marks its pieces with brackets, braces, commas or colons outside strings; those are counted first."""
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("json was asked"))
    pieces = ",".join(piece.replace("%x", f"{n:x}") for n in range(9_000_000 // (len(piece) + 8)))
    refused(f'{{"cells":[{{"outputs":[{pieces}]}}]}}'.encode()[: formats.FILE_BYTES])


@pytest.mark.parametrize(
    "output",
    [
        "iVBORw0KGgo" * 700_000,  # a plot
        "[{,:}]" * 1_000_000,  # plotly's own script, as text
        '\\[\\"\\\\,{' * 600_000,  # escapes in it
        [["%.16f" % (n / 7), n] for n in range(100_000)],  # numbers of an interactive plot
        [{"date": n, "price": n / 7, "symbol": "x"} for n in range(25_000)],  # rows of an interactive chart
        [f"<tr><td>{n}</td></tr>\n" for n in range(150_000)],  # a table
    ],
)
def test_megabytes_of_honest_output_do_not_matter(output):
    """Plots, scripts, points and tables of notebooks as they are handed in stay below every cap."""
    cells = solved()
    cells[1]["outputs"] = [{"data": {"x": output}}]
    data = json.dumps(json.loads(as_notebook(cells)), indent=1).encode()
    assert len(data) > 2_000_000
    assert run_of(taken(data)) == FULL


@pytest.mark.parametrize(
    "source",
    [
        "def softmax\n" * 20_000,  # the text was taken apart once for each def: minutes
        "def softmax(z): return 0x" + "f" * 40_000,  # no decimal digits of this can be had
        "softmax = lambda z: (" + "z," * 20_000 + ")",
        "def softmax(z):\n    return '\\ud800'",
    ],
)
def test_absurd_solutions_are_tries(source):
    """Sources that make a syntax tree or its text explode are read in no time, and are no stubs."""
    found = taken(released(softmax=source, pair=PAIR))
    assert found.cells[1].source == source
    assert intake.unsolved(found, UNIT) == ()


def test_a_long_text_is_no_solution():
    """A text cell with a solution's mark is read as code (re-typed by accident), but not megabytes past the cap on code."""
    cells = solved()
    cells[2] |= {"cell_type": "markdown", "source": SOFTMAX + "\n# a" * 1_000_000}
    found = taken(cells)
    assert sum(len(cell.source) for cell in found.cells) < formats.CODE_CHARACTERS
    assert any("its cell was gone" in note for note in found.notes)


def test_odd_but_harmless_notebooks():
    """NaN, absurd metadata, huge floats, unknown cell types and megabytes of output do not matter."""
    cells = solved()
    cells[1]["outputs"] = [{"data": {"image/png": "A" * 3_000_000}}]
    cells[2]["metadata"]["deep"] = [[[{"a": float("nan"), "b": float("-inf")}]]]
    cells.insert(0, {"cell_type": "strange", "source": None})
    cells.insert(0, {"cell_type": ["code"], "metadata": 7, "id": {}, "source": "x"})
    cells.insert(0, {})
    data = as_notebook(cells, metadata={"kernelspec": {"language": "julia"}, "autograder": 3, "f": "F"})
    assert run_of(taken(data.replace(b'"F"', b"1" * 5000 + b".5e99999"))) == FULL


def test_hostile_names_cannot_speak_through_an_error():
    """A file's name is shown without folders, control codes or length."""
    message = refused(b"", "../../\x1b[31mred\n\u202e" + "x" * 500)
    assert message.startswith("?[31mred??xxx")


def test_hostile_sources_cost_little_time(at_most):
    """2000 cells that all mention the functions, and one that is hard to parse, are looked over in seconds."""
    cells = [a_cell(f"def softmax(z): return {number}", "softmax") for number in range(1900)]
    cells.append(a_cell("softmax\n" + "a;" * 40_000))
    cells.append(a_cell("softmax" + "\\" * 25_000 + "?" * 20_000))
    cells.append(a_cell("softmax(\n" + " " * 20_000 + "\n" + "a " * 14_000))
    with at_most(40):
        taken(cells)


def a_zip(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as made:
        for name, content in entries:
            made.writestr(name, content, compress_type=method)
    return stream.getvalue()


def an_entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def test_a_zip_with_one_notebook():
    """The only notebook counts; the junk of file managers and data beside it do not."""
    data = a_zip(
        ("hw/alice (1).ipynb", as_notebook(solved())),
        ("__MACOSX/hw/._alice.ipynb", b"junk"),
        ("hw/.ipynb_checkpoints/alice-checkpoint.ipynb", b"junk"),
        ("hw/.DS_Store", b"junk"),
        ("hw/data.csv", b"1,2"),
        ("hw/helpers.py", b"import os"),
    )
    found = taken(data, "alice.zip")
    assert run_of(found) == FULL
    assert len(found.notes) == 1
    assert run_of(taken(a_zip(("a.py", f"{SOFTMAX}\n# %%\n{PAIR}".encode())), "x"))[1:] == FULL[1:2] + FULL[2:]


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ([], "no JSON"),
        ([("notes.txt", b"hi")], "no .ipynb"),
        ([("a.ipynb", b"{}"), ("b.ipynb", b"{}")], "2 .ipynb"),
        ([("a.ipynb", b"{}"), ("A.ipynb", b"{}")], "2 .ipynb"),
        ([("a.py", b"1"), ("b.py", b"2")], "2 .py"),
        ([("../a.ipynb", b"{}")], "leads out"),
        ([("x/../../a.ipynb", b"{}")], "leads out"),
        ([("/etc/a.ipynb", b"{}")], "leads out"),
        ([("C:\\a.ipynb", b"{}")], "leads out"),
        ([("a.ipynb", b"{}"), ("..\\b.txt", b"")], "leads out"),
        ([(an_entry("a.ipynb", stat.S_IFLNK | 0o777), b"/etc/passwd")], "link"),
        ([("a.ipynb", b"{}"), (an_entry("fifo", stat.S_IFIFO), b"")], "device"),
        ([("a.ipynb", b"{}"), (an_entry("sda", stat.S_IFBLK), b"")], "device"),
        ([("a.ipynb", b"{}"), ("inner.zip", b"PK")], "another archive"),
        ([("a.ipynb", b"{}"), ("inner.tar.gz", b"")], "another archive"),
        ([("a.ipynb", a_zip(("b.ipynb", b"{}")))], "zip in a zip"),
        ([("a.ipynb", b" " * 9_000_000)], "far too tightly"),
        ([("a.ipynb", os.urandom(10_000_001).hex().encode()[:10_000_001])], "over 10 MB"),
        ([("a.ipynb", b"{}"), *[(f"{n}.txt", b"") for n in range(1000)]], "more than 1000"),
    ],
)
def test_hostile_zips_are_one_line(entries, word):
    """Each trick with an archive is refused with its reason, before anything of it is unpacked."""
    assert word in refused(a_zip(*entries), "alice.zip")


def test_a_zip_that_lies_about_its_sizes():
    """What counts is what comes out, not what the directory says."""
    honest = a_zip(("a.ipynb", bytes(range(256)) * 50_000))
    size = (256 * 50_000).to_bytes(4, "little")
    message = refused(honest.replace(size, (1000).to_bytes(4, "little")), "alice.zip")
    assert "cannot be read" in message or "over 10 MB" in message


def test_zips_that_unpack_to_too_much():
    """Fifty megabytes in all is the limit, whichever entries hold them."""
    entries = [(f"{n}.txt", (f"{n}" * 40 + "\n").encode() * 120_000) for n in range(11)]
    assert "50 MB" in refused(a_zip(("a.ipynb", b"{}"), *entries), "alice.zip")


def test_unusual_zips():
    """Encrypted entries, other compressions and cut-off archives are refused."""
    good = a_zip(("a.ipynb", as_notebook(solved())))
    flagged = bytearray(good)
    flagged[good.index(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in refused(bytes(flagged), "a.zip")
    assert "unusual method" in refused(a_zip(("a.ipynb", b"{}"), method=zipfile.ZIP_LZMA), "a.zip")
    assert "cannot be read" in refused(good[: len(good) // 2], "a.zip")
    assert "cannot be read" in refused(good.replace(b"a.ipynb", b"b.ipynb", 1), "a.zip")


def test_nothing_is_written(tmp_path, monkeypatch):
    """Reading a submission, good or bad, opens no file at all."""
    monkeypatch.chdir(tmp_path)

    def opened(*arguments, **more):
        raise AssertionError(f"open({arguments})")

    monkeypatch.setattr("builtins.open", opened)
    monkeypatch.setattr("io.open", opened)
    taken(a_zip(("a.ipynb", as_notebook(solved()))), "a.zip")
    refused(a_zip(("../a.ipynb", b"{}")), "a.zip")
    assert list(tmp_path.iterdir()) == []


_KEYS = ["cells", "source", "cell_type", "metadata", "nbgrader", "grade_id", "worksheets", "input", "id", "autograder"]
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)
_cell = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw"]) | _json},
    optional={
        "source": st.sampled_from([SOFTMAX, SOFTMAX_STUB, PAIR, PAIR_STUB, "", "import numpy as np"]) | _json,
        "metadata": st.fixed_dictionaries(
            {"nbgrader": st.fixed_dictionaries({"grade_id": st.sampled_from([cell[0] for cell in _CELLS]) | _json})}
        )
        | _json,
        "id": _json,
    },
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_cell, max_size=8) | _json, st.sampled_from(["a.ipynb", "a.py", "a.zip", "a"]))
def test_any_json_is_taken_or_refused(cells, filename):
    """Whatever the cells are: an Intake with all given code in order and each exercise at most once, or one line."""
    found = taken_or_refused(as_notebook(cells), filename)
    if found is None:
        return
    given_code = [cell for cell in found.cells if cell.id in ("code-1", "code-2")]
    assert [(cell.id, cell.source) for cell in given_code] == [FULL[0], FULL[2]]
    exercises = [cell.exercise for cell in found.cells if cell.exercise]
    assert len(exercises) == len(set(exercises))
    assert set(intake.unsolved(found, UNIT)) <= {"softmax", "pair"}
    json.dumps([cell.source for cell in found.cells]).encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(["a.ipynb", "a.py", "a.zip", "a.txt"]),
    st.sampled_from([b"", b"PK\x03\x04"]),
)
def test_any_bytes_are_taken_or_refused(data, filename, start):
    """No bytes make anything but a SubmissionError."""
    taken_or_refused(start + data, filename)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_zip_is_taken_or_refused(place, byte):
    """One wrong byte anywhere in an archive is an answer or one line."""
    data = bytearray(a_zip(("a.ipynb", as_notebook(solved())), ("b.csv", b"1,2")))
    data[place % len(data)] = byte
    taken_or_refused(bytes(data), "a.zip")


# ---------------------------------------------------------------- finding files


def put(path: Path, data: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_notebook(solved()) if data is None else data)
    return path


def seen(path: Path, *units: str) -> list[tuple[str, str | None, str]]:
    return [(one.student, one.unit, one.path.name) for one in intake.find_submissions(path, units)]


def test_a_folder_of_files(tmp_path):
    """<student>.ipynb and <student>_anything.ipynb; checkpoints, hidden files, links and other files are left out."""
    for name in ("alice.ipynb", "bob_hw1.ipynb", "carol (2).ipynb", "dan.ipynb.json", "eve.py", "fay.zip"):
        put(tmp_path / name)
    put(tmp_path / ".ipynb_checkpoints" / "alice-checkpoint.ipynb")
    put(tmp_path / ".gina.ipynb")
    put(tmp_path / "grades.csv", b"")
    (tmp_path / "harry.ipynb").symlink_to(tmp_path / "alice.ipynb")
    found = seen(tmp_path, "tiny")
    assert [student for student, *_ in found] == ["alice", "bob", "carol", "dan", "eve", "fay"]
    assert {unit for _, unit, _ in found} == {"tiny"}


def test_units_are_recognised(tmp_path):
    """By the file's own word, its name, its folder; with several units and no sign of one it stays open."""
    told = as_notebook([], metadata={"autograder": {"unit": "vae"}})
    put(tmp_path / "alice.ipynb", told)
    put(tmp_path / "bob_lstm_gates.ipynb")
    put(tmp_path / "lstm_gates_carol.ipynb")
    put(tmp_path / "dan.ipynb")
    put(tmp_path / "eve.ipynb", told.replace(b"vae", b"../x"))
    put(tmp_path / "vae" / "fay.ipynb")
    put(tmp_path / "gina" / "lstm_gates.ipynb")
    put(tmp_path / "gina" / "helpers.py")
    assert [(student, unit) for student, unit, _ in seen(tmp_path, "vae", "lstm_gates")] == [
        ("alice", "vae"),
        ("bob", "lstm_gates"),
        ("carol", "lstm_gates"),
        ("dan", None),
        ("eve", None),
        ("fay", "vae"),
        ("gina", "lstm_gates"),
    ]


def test_an_nbgrader_tree(tmp_path):
    """submitted/<student>/<unit>/<notebook>.ipynb with the time of timestamp.txt, from any level of the tree."""
    times = {
        "alice": "2027-03-05 23:58:01.123456 UTC",
        "bob": "2027-03-06 00:58:01 Europe/Berlin",
        "carol": "2027-03-05 23:58:01 +0000",
        "dan": "2027-03-05T23:58:01",
    }
    for student, moment in times.items():
        put(tmp_path / "submitted" / student / "tiny" / "whatever.ipynb")
        put(tmp_path / "submitted" / student / "tiny" / "timestamp.txt", moment.encode())
    put(tmp_path / "submitted" / "eve" / "tiny" / "tiny.ipynb")
    put(tmp_path / "submitted" / "eve" / "tiny" / "Untitled.ipynb")
    put(tmp_path / "release" / "tiny" / "tiny.ipynb")
    found = intake.find_submissions(tmp_path, ("tiny", "vae"))
    assert [(one.student, one.unit) for one in found] == [(s, "tiny") for s in ("alice", "bob", "carol", "dan", "eve")]
    assert found == intake.find_submissions(tmp_path / "submitted", ("tiny", "vae"))
    at = datetime(2027, 3, 5, 23, 58, 1, tzinfo=UTC)
    assert [one.received and one.received.replace(microsecond=0) for one in found] == [at] * 4 + [None]
    for level in ("submitted/bob", "submitted/bob/tiny", "submitted/bob/tiny/whatever.ipynb"):
        assert intake.find_submissions(tmp_path / level, ("tiny", "vae")) == [found[1]]


@pytest.mark.parametrize(
    "text", ["tomorrow", "", "2027-03-05 23:58 ../../etc/passwd", "2027-03-05 23:58 Mars/Base", "\x00" * 999]
)
def test_a_time_that_is_none(tmp_path, text):
    """An unreadable timestamp.txt is one line with the way to write it, never a guess about lateness."""
    put(tmp_path / "submitted" / "alice" / "tiny" / "tiny.ipynb")
    put(tmp_path / "submitted" / "alice" / "tiny" / "timestamp.txt", text.encode())
    with pytest.raises(SubmissionError, match=r"timestamp\.txt") as caught:
        intake.find_submissions(tmp_path, ("tiny",))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31mred", "\u202eb", os.fsdecode(b"\xff")])
def test_a_folders_name_cannot_speak_through_an_error(tmp_path, name):
    """Line ends, control codes and bytes that are no text in a folder's name are not passed on."""
    put(tmp_path / "submitted" / name / "tiny" / "tiny.ipynb")
    put(tmp_path / "submitted" / name / "tiny" / "timestamp.txt", b"never")
    refused: list[str] = []
    assert intake.find_submissions(tmp_path, ("tiny",), refused) == []
    with pytest.raises(SubmissionError) as missing:
        intake.find_submissions(tmp_path / name, ("tiny",))
    with pytest.raises(SubmissionError) as untimely:
        intake.found(tmp_path / "submitted" / name / "tiny" / "tiny.ipynb", "alice", ("tiny",))
    assert all(line.isprintable() for line in [*refused, str(missing.value), str(untimely.value)])


def test_a_folder_of_pipes_links_and_folders(tmp_path):
    """What is no plain file is left out, and nothing waits for a pipe."""
    os.mkfifo(tmp_path / "alice.ipynb")
    (tmp_path / "bob.ipynb").mkdir()
    os.mkfifo(tmp_path / "bob.ipynb" / "timestamp.txt")
    put(tmp_path / "bob.ipynb" / "tiny.ipynb")
    (tmp_path / "carol").symlink_to("/")
    (tmp_path / "dan.ipynb").symlink_to(tmp_path / "dan.ipynb")
    assert seen(tmp_path, "tiny") == [("bob.ipynb", "tiny", "tiny.ipynb")]


@pytest.mark.parametrize("name", ["=cmd|x", "a b", "..", "-rf", "é", "a..b", "x" * 65, "", "a\n", "a/b"])
def test_unsafe_student_ids_are_refused(name):
    """What could become a path, a formula or an option is no student id."""
    with pytest.raises(SubmissionError, match="student id"):
        intake.student_id(name)


@pytest.mark.parametrize("name", ["alice", "Ab12.c-d_e@x.org", "007", "a+b"])
def test_ordinary_student_ids(name):
    """Names, numbers and mail addresses are."""
    assert intake.student_id(name) == name


def test_an_unsafe_file_name_says_which(tmp_path):
    """The line names the file."""
    put(tmp_path / "=1+1.ipynb")
    with pytest.raises(SubmissionError, match=r"=1\+1\.ipynb"):
        intake.find_submissions(tmp_path, ("tiny",))


def test_whose_file(tmp_path):
    """The guess from a path alone."""
    file = put(tmp_path / "x" / "alice_hw.ipynb")
    assert intake.found(file, "bob", ("tiny",)) == intake.Found(file, "bob", "tiny", None)
    assert intake.read_file(put(tmp_path / "huge", b"x" * 11_000_000)) == b"x" * 10_000_001
    assert intake.student_of(Path("alice_hw (1).ipynb")) == "alice"
    assert intake.student_of(Path("/x/submitted/bob/tiny/a.ipynb")) == "bob"
    assert intake.student_of(Path("/x/carol/tiny.ipynb"), ("tiny",)) == "carol"
    with pytest.raises(SubmissionError, match="no such file"):
        intake.find_submissions(tmp_path / "none", ("tiny",))


def test_limits_are_what_the_page_says():
    """10 MB a file, 1000 entries, 50 MB unpacked, 2000 cells, 300 000 characters of code, 2 million of a script."""
    assert (formats.FILE_BYTES, archive.ENTRIES, archive.UNPACKED_BYTES) == (10**7, 1000, 5 * 10**7)
    assert (formats.CELLS, formats.CODE_CHARACTERS, formats.SCRIPT_CHARACTERS) == (2000, 300_000, 2_000_000)


# ---------------------------------------------------------------- with a real release

TINY = Path(__file__).parents[1] / "fixtures" / "tiny_course"


def test_a_real_release_and_its_solution_come_back():
    """What release.build gives out is taken without a note: the release unsolved, the solution solved."""
    unit = load_unit(TINY, "tiny")
    empty = intake.read(json.dumps(release.build(unit)).encode(), "tiny.ipynb", unit)
    full = intake.read(json.dumps(release.solution(unit)).encode(), "tiny.ipynb", unit)
    assert empty.notes == full.notes == ()
    assert intake.unsolved(empty, unit) == tuple(exercise.id for exercise in unit.exercises)
    assert intake.unsolved(full, unit) == ()
    assert [cell.id for cell in full.cells] == [cell.id for cell in unit.cells if cell.kind in ("code", "exercise")]
    assert set(full.manual) == {question.id for question in unit.manual}


def test_one_bad_name_does_not_stop_a_folder(tmp_path):
    """A file whose name cannot be a student id is named, and the others are found."""
    (tmp_path / "ada.ipynb").write_text("{}")
    (tmp_path / "b en;.ipynb").write_text("{}")
    refused: list[str] = []
    found = intake.find_submissions(tmp_path, ("tiny",), refused)
    assert [one.student for one in found] == ["ada"]
    assert len(refused) == 1
    assert "cannot be a student id" in refused[0]
