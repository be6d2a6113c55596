"""Quizzes as people type them: practice in a terminal and a notebook, a graded quiz from its opening to the gradebook."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time


def at_terminal(words, answers, cwd, wait=60.0):
    """Type answers at the prompts of a command in a real terminal; -> all that was shown, and its exit code."""
    master, slave = pty.openpty()
    env = {**os.environ, "COLUMNS": "100", "TERM": "xterm"}
    process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, cwd=cwd, env=env, close_fds=True)
    os.close(slave)
    shown, todo, end = "", list(answers), time.monotonic() + wait
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other side has gone
            break
        if not chunk:
            break
        shown += chunk.decode("utf-8", "replace")
        if todo and shown.endswith(("> ", "]: ")):
            os.write(master, todo.pop(0).encode() + b"\n")
    os.close(master)
    return shown, process.wait(timeout=10)


def test_a_sitting_in_a_terminal(quizzes):
    """A hint, an answer that cannot be read, a wrong one, the next variant, stop; the log has what was answered."""
    words = [sys.executable, "-m", "autograder", *quizzes.words, "quiz", "practice", "mini/product"]
    shown, code = at_terminal(words, ["?", "what?", "123456", "q"], quizzes.root)
    assert code == 0, shown
    for said in ("What is", "Multiply.", "This costs nothing", "not right", "Again, with other numbers", "1 answered"):
        assert said in shown
    assert shown.index("Multiply.") < shown.index("costs nothing") < shown.index("not right")
    log = (quizzes.state / "practice" / "me.jsonl").read_text().splitlines()
    assert [json.loads(line)["fraction"] for line in log] == [0.0]


def test_status_and_what_is_not_there(quizzes):
    """`--status` shows without asking; an unknown word is one line with a neighbour."""
    said = quizzes.run("quiz", "practice", "--status")
    assert said.code == 0
    assert "products" in said.out
    assert "0 due" in said.out
    wrong = quizzes.run("quiz", "practice", "prodcts")
    assert wrong.code == 2
    assert "Did you mean 'products'" in wrong.err


def test_templates_are_listed_shown_and_checked(quizzes):
    """The list counts them, `show` gives answer and slips, `check` is clean or exits with 2 and the fault."""
    assert "11 templates" in quizzes.run("quiz", "list").out
    assert "You added" in quizzes.run("quiz", "show", "mini/product", "-n", 2).out
    shown = quizzes.run("quiz", "show", "mini/product", "--no-answers").out
    assert "You added" not in shown
    assert quizzes.run("quiz", "check", "--variants", 20).code == 0
    file = quizzes.root / "assignments" / "mini" / "quiz.py"
    file.write_text(file.read_text().replace("again=float(np.prod([a, b]))", "again=float(a)"))
    said = quizzes.run("quiz", "check", "--variants", 20)
    assert said.code == 2
    assert "computed again" in said.out


def test_a_graded_quiz_from_opening_to_gradebook(quizzes):
    """Open, answer, hand in; then status, feedback, CSV, replay and regrade treat it as any submission."""
    sheet = json.loads(quizzes.run("quiz", "open", "first_quiz", "--student", "ada").out)
    token = sheet["token"]
    right = int(re.search(r"1 to (\d+)", sheet["questions"][1]["prompt"])[1])
    assert "“0,5” as 0.5" in quizzes.run("quiz", "answer", token, 1, "0,5", "--student", "ada").out
    assert quizzes.run("quiz", "answer", token, 2, right, "--student", "ada").code == 0
    refused = quizzes.run("quiz", "answer", token, 2, "__import__('os')", "--student", "ada")
    assert refused.code == 2
    assert quizzes.run("quiz", "answer", token, 2, 1, "--student", "ben").code == 2
    said = quizzes.run("quiz", "hand-in", token, "--student", "ada")
    assert "0.9091 of 10 points" in said.out, said.err
    feedback = quizzes.run("feedback", "ada")
    assert "The first quiz" in feedback.out, feedback.err
    assert "Count" in feedback.out
    assert json.loads(quizzes.run("feedback", "ada", "--json").out)
    assert "first_quiz" in quizzes.run("status", "ada").out
    assert "first_quiz" in quizzes.run("export", "--csv", "-").out
    assert "the same points" in quizzes.run("replay", 1).out
    regraded = quizzes.run("regrade", "--unit", "first_quiz")
    assert regraded.code == 0, regraded.err
    assert "mini/count" in quizzes.run("quiz", "stats").out
    assert quizzes.run("export", "--nbgrader", "--unit", "first_quiz").code == 2


def test_a_quiz_is_taken_in_a_terminal_and_goes_on_after_a_stop(quizzes):
    """What was answered is kept; Enter leaves a question out; the receipt tells the points."""
    words = [sys.executable, "-m", "autograder", *quizzes.words, "quiz", "take", "first_quiz", "--student", "ada"]
    shown, code = at_terminal(words, ["1", "q"], quizzes.root)
    assert code == 0, shown
    assert "Stopped. What you answered is kept" in shown
    again, code = at_terminal(words, [""] * 12, quizzes.root)
    assert code == 0, again
    assert "so far: 1" in again
    assert "0 of 10 points" in again


def test_practice_in_a_notebook(quizzes):
    """A real kernel: the extension is loaded, a question is shown as a page, an answer is judged."""
    import nbformat
    from nbclient import NotebookClient

    cells = ["%load_ext autograder.quiz.magic", "%quiz start mini/count", "%quiz 1", "%quiz status"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(book, timeout=60, resources={"metadata": {"path": str(quizzes.root)}}).execute()
    shown = ["".join(o["data"].get("text/html", "") for o in cell.outputs) for cell in book.cells]
    assert "How many numbers" in shown[1]
    assert "not right" in shown[2]
    assert "<svg" in shown[3] or "0 new" in shown[3]
    assert (quizzes.root / ".autograder" / "practice" / "me.jsonl").is_file()


def test_help_of_every_quiz_verb(quizzes):
    """Each shows an example that begins with its own name."""
    from autograder.cli.quiz import VERBS

    for verb in VERBS:
        said = quizzes.run("quiz", verb, "--help")
        assert said.code == 0
        assert f"autograder quiz {verb}" in said.out, verb
