"""Otter's side and the bare limit: what needs no Otter.  No time is asserted anywhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

from reference import activations

HERE = Path(__file__).parent
#: What `otter run` wrote of a submission with one of two hidden cases right, shortened.
RESULTS = """{"tests": [
  {"name": "Public Tests", "visibility": "visible", "output": "softmax results: All test cases passed!", "status": "passed"},
  {"name": "softmax", "score": 1, "max_score": 2, "visibility": "hidden", "output": "..."},
  {"name": "gradients", "score": 0.5, "max_score": 5, "visibility": "hidden", "output": "..."}]}"""


@pytest.fixture
def otter(monkeypatch):
    """The bench's modules are found beside bench.py when it is run."""
    monkeypatch.syspath_prepend(str(HERE))
    import theirs_otter

    return theirs_otter


@pytest.fixture
def bare(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    import bare

    return bare


@pytest.fixture
def cases(otter, monkeypatch):
    """Exercise -> the test cases in Otter's test file, with a stand-in for Otter's own decorator."""

    def test_case(points, hidden):
        def mark(function):
            function.points, function.hidden = points, hidden
            return function

        return mark

    stand_in = types.ModuleType("otter.test_files")
    stand_in.test_case = test_case
    monkeypatch.setitem(sys.modules, "otter", types.ModuleType("otter"))
    monkeypatch.setitem(sys.modules, "otter.test_files", stand_in)
    found = {}
    for exercise, text in otter.test_files().items():
        names = {}
        exec(compile(text, exercise, "exec"), names)
        assert (names["name"], names["OK_FORMAT"]) == (exercise, False)
        found[exercise] = [value for value in names.values() if hasattr(value, "points")]
    return found


def test_points_are_the_sum_of_the_scores(otter):
    """Remarks among the tests have no score."""
    assert otter.points(json.loads(RESULTS)) == 1.5
    assert otter.points({"tests": [{"name": "Public Tests", "output": ""}]}) == 0.0


def test_otter_gives_as_many_points_as_we_give(otter, cases):
    """Each check of asserts.txt is a hidden case of its exercise, worth the same."""
    heads = re.findall(r"^# %% (\w+) ([\d.]+)$", (otter.COURSE / "asserts.txt").read_text(), flags=re.MULTILINE)
    assert [(name, f"{case.points}") for name, found in cases.items() for case in found] == heads
    assert all(case.hidden for found in cases.values() for case in found)


def test_the_cases_tell_right_from_wrong(cases):
    """A right function passes all of its cases; a missing one, None to Otter's cases, passes none."""
    for case in cases["softmax"]:
        case(softmax=activations.softmax)
        with pytest.raises(TypeError):
            case(softmax=None)
    for case in cases["gradients"]:
        with pytest.raises(TypeError):
            case(gradients=None)


def test_the_environment_is_made_once(otter, tmp_path, monkeypatch):
    """With pins and constraints, in a folder of its own; again only where these have changed."""
    ran = []

    def run(command):
        ran.append([str(word) for word in command])
        (tmp_path / "otter").mkdir(exist_ok=True)

    monkeypatch.setattr(otter, "_told", run)
    for _ in range(2):
        assert otter.environment(tmp_path / "otter") == tmp_path / "otter"
    venv, pip = ran
    assert venv == [sys.executable, "-m", "venv", str(tmp_path / "otter")]
    assert pip[0] == str(tmp_path / "otter" / "bin" / "python")
    assert "otter-grader==7.0.0" in pip
    assert pip[pip.index("-c") + 1].endswith("constraints.txt")
    monkeypatch.setattr(otter, "PINS", ("otter-grader==7.0.1",))
    otter.environment(tmp_path / "otter")
    assert len(ran) == 4


def test_an_environment_that_failed_is_made_again(otter, tmp_path, monkeypatch):
    """What pip said is shown, and the half-made folder is not taken for an environment."""
    real, tried = otter._told, []

    def run(command):
        tried.append(command[2])
        if "venv" in command:
            command = [sys.executable, "-m", "venv", "--without-pip", tmp_path / "otter"]
        real(command)

    monkeypatch.setattr(otter, "_told", run)
    for _ in range(2):
        with pytest.raises(SystemExit, match="No module named pip"):
            otter.environment(tmp_path / "otter")
    assert tried == ["venv", "pip"] * 2


def test_otter_is_run_for_each_submission(otter, tmp_path, monkeypatch):
    """Its results are read afresh each time; one that leaves none is no submission with the last one's points."""
    import works

    side = otter.Otter(tmp_path, tmp_path / "state")
    side.program = tmp_path / "otter"
    side.program.write_text(
        f"#!{sys.executable}\nimport sys, pathlib\n"
        f"if 's000' in sys.argv[-1]: pathlib.Path('results.json').write_text({RESULTS!r})\n"
        "if 's002' in sys.argv[-1]: sys.exit('no kernel')"
    )
    side.program.chmod(0o755)
    done = []
    first, second, third = (works.Work(f"s00{i}", (), b"{}") for i in range(3))
    side.grade([first], lambda: done.append(1))
    assert (side.scores, len(side.seconds), done) == ({"s000": 1.5}, 1, [1])
    with pytest.raises(FileNotFoundError):
        side.grade([second], lambda: None)
    with pytest.raises(SystemExit, match="otter run failed:\nno kernel"):
        side.grade([third], lambda: None)


def test_the_bare_limit_runs_all_cells(bare, capsys):
    """In one namespace; one that fails, or is no Python, does not stop the next."""
    bare.cells(["x = 1", "1 / 0", "def f(:", "print(x + 1)"])
    assert capsys.readouterr().out == "2\n"


@pytest.mark.slow
def test_the_bare_limit_is_measured(bare):
    """Each submission once, however many processes share them, each in namespaces of its own."""
    import works

    for workers in (1, 2):
        side = bare.Bare(workers)
        side.run(works.make(5))
        assert (len(side.seconds), side.graded, len(side.starts)) == (5, 5, 1)
        assert 0 < min(side.seconds) < side.wall
    done = subprocess.run([sys.executable, str(HERE / "bare.py"), "1", "2"], capture_output=True, text=True)
    assert float(done.stdout) > 0


def test_the_bare_limit_is_contained():
    """A submission that could not get its namespaces is not counted as one that ran."""
    program = "import bare, types; bare.one(types.SimpleNamespace(unshare=lambda flags: -1), '{}')"
    done = subprocess.run([sys.executable, "-c", program], cwd=HERE, capture_output=True, text=True)
    assert done.returncode == 1
    assert "could not be made: [17920]" in done.stderr  # 70, as a wait status


def test_all_are_told_in_one_table(otter, bare):
    """Times in seconds; how many times as fast as nbgrader, Otter and the limit; the same points as each of them."""
    import bench
    import ours
    import report
    import theirs

    figures = bench.Figures(60, 3, {})
    figures.theirs = theirs.Theirs(Path(), seconds=[2.0, 2.2, 1.8], starts=[3.0], wall=9.0)
    figures.otter = otter.Otter(Path(), Path(), seconds=[5.0, 4.0, 6.0], scores={"s000": 10.0})
    figures.bare = [bare.Bare(1, [0.01], [0.5], 0.06, 6), bare.Bare(2, [0.01], [0.5], 0.03, 6)]
    figures.ours = [
        ours.Ours("docker", workers, seconds=[0.03], first=[2.5], window=window, graded=60)
        for workers, window in ((1, 2.4), (2, 1.2))
    ]
    figures.same = {"nbgrader": (60, 60), "otter": (59, 60)}
    said = report.text(figures)
    rows = {line[:24].strip(): line[24:].split() for line in said.splitlines()}
    assert rows["seconds per submission"] == ["median", "wall/n", "nbgrader", "otter", "bare", "first", "all", "60"]
    assert rows["nbgrader autograde"] == ["2.0000", "2.0000", "1.0", "2.5", "-", "5.00", "123.0"]
    assert rows["otter run"] == ["5.0000", "5.0000", "0.40", "1.0", "-", "5.00", "300.0"]
    assert rows["bare fork, 2 processes"][:5] == ["0.0100", "0.0050", "400.0", "1000.0", "-"]
    assert rows["docker, 1 worker"][:5] == ["0.0300", "0.0400", "50.0", "125.0", "0.25"]
    assert rows["docker, 2 workers"][:5] == ["0.0300", "0.0200", "100.0", "250.0", "0.25"]
    assert "the same points as nbgrader gives: 60 of 60 submissions" in said
    assert "the same points as otter gives: 59 of 60 submissions" in said
    plain = json.loads(json.dumps(report.plain(figures)))
    assert plain["otter"]["points"] == {"s000": 10.0}
    assert plain["bare"][1]["workers"] == 2
