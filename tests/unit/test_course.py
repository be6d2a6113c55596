"""course.yaml: what it means, and that every slip is told with its line and cure."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder import course
from autograder.course import load_course
from autograder.errors import CommandError, CourseError
from autograder.records import Limits

ROOT = Path(__file__).parents[2]

GOOD = """\
id: deep-learning
title: Deep learning
timezone: Europe/Paris
late: {per_day: 0.2, max_days: 3}
limits:
  memory_mb: 2048
units:
  - name: backprop
    due: 2027-03-05 23:59
    attempts: 20
    limits: {total_s: 90}
  - name: lstm_gates
    gpu: {share: 0.5, memory: 8000}
extensions:
  "007":
    backprop: 2027-03-12T12:00+00:00
"""


def folder(tmp_path: Path, text: str | bytes = GOOD, units: tuple[str, ...] = ("backprop", "lstm_gates")) -> Path:
    for unit in units:
        (tmp_path / "assignments" / unit).mkdir(parents=True)
        (tmp_path / "assignments" / unit / "notebook.py").write_text("# %%\n")
    (tmp_path / "course.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path


def test_a_good_file_is_resolved(tmp_path):
    """Units keep their order, limits lie over the course's and those over the defaults."""
    got = load_course(folder(tmp_path))
    assert [unit.name for unit in got.units] == ["backprop", "lstm_gates"]
    backprop, lstm = got.units
    assert backprop.limits == Limits(memory_mb=2048, total_s=90)
    assert lstm.limits == Limits(memory_mb=2048)
    assert (backprop.title, backprop.attempts, backprop.gpu) == ("backprop", course.Attempts(limit=20), None)
    assert lstm.gpu is not None
    assert (lstm.due, lstm.gpu.share, lstm.gpu.memory_mb) == (None, 0.5, 8000)
    assert (got.late.per_day, got.late.max_days, got.root) == (0.2, 3, tmp_path)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{nam: backprop}", "course.yaml:3: unknown key 'nam'. Did you mean 'name'?"),
        ("{title: Backprop}", "course.yaml:3: 'units[0].name' is missing."),
    ],
)
def test_the_only_units_own_mistake_is_told(entry, told, tmp_path):
    """A wrong entry leaves the list empty; what is wrong with the entry is what helps."""
    with pytest.raises(CourseError) as caught:
        load_course(folder(tmp_path, f"id: x\nunits:\n  - {entry}\n"))
    assert str(caught.value).startswith(told)


def test_attempts_may_wait(tmp_path):
    """A bare number is a limit; limit and cool-down stand side by side; left out, everything is open."""
    both = GOOD.replace("attempts: 20", "attempts: {limit: 5, cooldown: 30}")
    backprop, lstm = load_course(folder(tmp_path / "both", both)).units
    assert (backprop.attempts, lstm.attempts) == (course.Attempts(limit=5, cooldown=30), None)
    wait = load_course(folder(tmp_path / "wait", GOOD.replace("attempts: 20", "attempts: {cooldown: 0.5}"))).units[0]
    assert wait.attempts == course.Attempts(limit=None, cooldown=0.5)


def test_what_a_unit_covers(tmp_path):
    """Techniques and lectures are lists of words, in the order of the file; left out, there are none."""
    text = GOOD.replace("    attempts: 20", '    covers: [softmax, "L2, weight decay"]\n    lectures: ["Boyer: MLPs"]')
    backprop, lstm = load_course(folder(tmp_path, text)).units
    assert (backprop.covers, backprop.lectures) == (("softmax", "L2, weight decay"), ("Boyer: MLPs",))
    assert (lstm.covers, lstm.lectures) == ((), ())


def test_our_own_units_say_what_they_cover():
    """Each unit's row of the README's table has the techniques and lectures of course.yaml."""
    readme = (ROOT / "README.md").read_text("utf-8").splitlines()
    for unit in load_course(ROOT).units:
        (row,) = [line for line in readme if line.startswith(f"| `{unit.name}`")]
        assert unit.covers
        assert row.split(" | ")[1:3] == [", ".join(unit.covers), "; ".join(unit.lectures)], (
            "run scripts/course_table.py"
        )
        assert all(": " in each for each in unit.lectures)


def test_detail_of_feedback(tmp_path):
    """After the deadline unless the course says never."""
    assert load_course(folder(tmp_path / "a")).feedback.detail == "after_due"
    never = load_course(folder(tmp_path / "b", GOOD + "feedback: {detail: never}\n"))
    assert never.feedback.detail == "never"


def test_dates_carry_a_zone(tmp_path):
    """A date without a zone is in the course's timezone; one with a zone keeps it."""
    got = load_course(folder(tmp_path) / "course.yaml")
    assert got.unit("backprop").due == datetime(2027, 3, 5, 22, 59, tzinfo=UTC)
    assert got.due("backprop", "007") == datetime(2027, 3, 12, 12, 0, tzinfo=UTC)
    assert got.due("backprop", "ada") == got.unit("backprop").due
    assert got.due("lstm_gates", "ada") is None


def test_nothing_is_guessed(tmp_path):
    """Names that YAML 1.1 turns into booleans, octal numbers or minutes stay the text they are."""
    text = GOOD.replace('"007"', "no").replace("title: Deep learning", "title: 1:30")
    got = load_course(folder(tmp_path, text))
    assert list(got.extensions) == ["no"]
    assert got.title == "1:30"


def test_an_unknown_unit_is_named_with_the_known_ones(tmp_path):
    """Asking for a unit that is not there says which are."""
    with pytest.raises(CommandError, match=r"No unit 'backprp'.*Did you mean 'backprop'\? The units are backprop"):
        load_course(folder(tmp_path)).unit("backprp")


SLIPS = {
    "an unknown key": (("attempts", "atempts"), "course.yaml:10: unknown key 'atempts'. Did you mean 'attempts'?"),
    "an unknown key at the top": (("late:", "latte:"), "course.yaml:4: unknown key 'latte'. Did you mean 'late'?"),
    "an unknown limit": (("memory_mb", "disk"), "course.yaml:6: unknown key 'disk'. Known here: call_s, load_s"),
    "an unknown key of gpu": (("share", "shares"), "course.yaml:13: unknown key 'shares'. Did you mean 'share'?"),
    "a missing key": (("id: deep-learning\n", ""), "course.yaml:1: 'id' is missing. Add 'id: ...' here."),
    "a missing name": (("name: lstm_gates\n", "title: x\n"), "course.yaml:12: 'units[1].name' is missing. Add 'name"),
    "a key given twice": (("title: Deep", "id: Deep"), "course.yaml:2: 'id' is given twice, first in line 1. Keep one"),
    "text for a number": (
        ("0.2", "ten"),
        "course.yaml:4: late.per_day should be a valid number, not 'ten'. Write",
    ),
    "a number for text": (("deep-learning", "7"), "course.yaml:1: id should be a valid string, not 7. Write text, in"),
    "a number out of range": (("0.2", "20"), "course.yaml:4: late.per_day should be less than or equal to 1, not 20."),
    "no attempt at all": (("20\n", "0\n"), "course.yaml:10: units[0].attempts.limit should be greater than"),
    "a cool-down that ends never": (
        ("20\n", "{cooldown: 99999}\n"),
        "course.yaml:10: units[0].attempts.cooldown should be less than or equal to 10080",
    ),
    "a misspelt cool-down": (
        ("20\n", "{cooldwon: 5}\n"),
        "course.yaml:10: unknown key 'cooldwon'. Did you mean 'cooldown'?",
    ),
    "detail at another time": (
        ("late:", "feedback: {detail: always}\nlate:"),
        "course.yaml:4: feedback.detail should be 'after_due' or 'never'",
    ),
    "a fraction of an attempt": (
        ("20\n", "2.5\n"),
        "course.yaml:10: units[0].attempts.limit should be a valid integer",
    ),
    "one technique without a list": (
        ("attempts: 20\n", "covers: softmax\n"),
        "course.yaml:10: units[0].covers should be a valid tuple, not 'softmax'. Write a list",
    ),
    "a lecture without quotes": (
        ("attempts: 20\n", "lectures: [Boyer: MLPs]\n"),
        "course.yaml:10: units[0].lectures[0] should be a valid string, not {'Boyer': 'MLPs'}. Write text, in quotes",
    ),
    "an empty technique": (
        ("attempts: 20\n", 'covers: [softmax, ""]\n'),
        "course.yaml:10: units[0].covers[1] should have at least 1 character",
    ),
    "infinity": (("0.2", ".inf"), "course.yaml:4: late.per_day should be a valid number, not '.inf'."),
    "no such day": (
        ("03-05", "02-30"),
        "course.yaml:9: units[0].due ('2027-02-30 23:59') is not a date with a time.",
    ),
    "a day without time": (("-05 23:59", "-05"), "course.yaml:9: units[0].due ('2027-03-05') has no time. Write it as"),
    "a list for keys": (("{total_s: 90}", "[90]"), "course.yaml:11: units[0].limits should be a valid dictionary"),
    "no such zone": (
        ("Europe/Paris", "Europe/Pariss"),
        "course.yaml:3: unknown timezone 'Europe/Pariss'. Did you mean",
    ),
    "a zone that is no text": (
        ("Europe/Paris", "[1]"),
        "course.yaml:3: timezone should be text, not [1]. Write an IANA",
    ),
    "a bad name of a unit": (("lstm_gates", "../etc"), "course.yaml:12: units[1].name should match pattern"),
    "the same unit twice": (("lstm_gates", "backprop"), "course.yaml:12: the unit 'backprop' is listed twice. Remove"),
    "a unit without folder": (
        ("name: lstm_gates", "name: lstm_gate"),
        "course.yaml:12: unit 'lstm_gate' has no assignments/lstm_gate/notebook.py. Did you mean 'lstm_gates'? Create",
    ),
    "an extension for nothing": (
        ("    backprop: 2027", "    backpro: 2027"),
        "course.yaml:16: an extension for the unknown unit 'backpro'. Did you mean 'backprop'?",
    ),
    "an extension that shortens": (
        ("2027-03-12T", "2027-03-01T"),
        "course.yaml:16: this extension ends before 'backprop' is due (2027-03-05 23:59). Write a later date.",
    ),
    "an extension of no date": (
        ("    backprop: 2027", "    lstm_gates: 2027"),
        "course.yaml:16: unit 'lstm_gates' has no due date to extend.",
    ),
    "a tab": (("  memory_mb", "\tmemory_mb"), "course.yaml:6: there is a tab in this line. Indent with spaces."),
    "an open bracket": (("max_days: 3}", "max_days: 3"), "course.yaml:5: not readable as YAML: expected ',' or '}'"),
    "an alias": (("title: Deep learning", "title: &a x\nlate: *a"), "course.yaml:3: aliases (*name) are not allowed."),
    "a Python object": (("Deep learning", "!!python/name:os.system x"), "course.yaml:2: the tag 'tag:yaml.org,2002:py"),
    "a list as key": (("title:", "[a]:"), "course.yaml:2: a key must be one word. Write 'key: value'."),
    "a control character": (("Deep", "De\x07p"), "course.yaml:2: not readable as YAML: a character that may not stand"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_every_slip_has_its_line_and_cure(tmp_path, slip):
    """A mistake is one line: the file, the line of the key, what is wrong, what to do."""
    (old, new), told = SLIPS[slip]
    assert old in GOOD
    with pytest.raises(CourseError) as err:
        load_course(folder(tmp_path, GOOD.replace(old, new, 1)))
    assert str(err.value).startswith(told)
    assert "\n" not in str(err.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "course.yaml:1: the file is empty."),
        ("# nothing yet\n", "course.yaml:1: the file is empty."),
        ("- a\n- b\n", "course.yaml:1: the file is not a list of keys with values."),
        ("just words\n", "course.yaml:1: the file is not a list of keys with values."),
        (b"id: a\ntitle: caf\xe9\n", "course.yaml:2: this line is not UTF-8 text. Save the file as UTF-8."),
        ("a: " + "[" * 5000, "course.yaml:1: lists or keys are nested hundreds deep."),
        ("# " + "x" * (1 << 20), "course.yaml:1: the file is larger than 1 MiB."),
        ("id: a\n---\nid: b\n", "course.yaml:2: not readable as YAML: but found another document."),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_file_that_is_no_course_says_so(tmp_path, text, told):
    """Empty, foreign, huge or hostile files are one line too."""
    with pytest.raises(CourseError) as err:
        load_course(folder(tmp_path, text))
    assert str(err.value).startswith(told)


def test_a_folder_without_course_says_what_to_do(tmp_path):
    """Outside a course folder the message names the file that is looked for."""
    with pytest.raises(CourseError, match=r"there is no course here. Go to the folder that holds course\.yaml"):
        load_course(tmp_path)


def test_the_highest_mistake_comes_first(tmp_path):
    """Of several mistakes the one that stands highest in the file is told."""
    with pytest.raises(CourseError, match=r"^course\.yaml:4:"):
        load_course(folder(tmp_path, GOOD.replace("attempts", "tries").replace("max_days", "days")))


def test_every_limit_of_the_records_can_be_set():
    """A limit that is added to records.Limits must be added to course.yaml too."""
    assert list(course.LimitsEntry.model_fields) == [field.name for field in dataclasses.fields(Limits)]


def test_the_schema_for_editors_is_up_to_date():
    """autograder/course.schema.json is what course_schema() gives."""
    file = ROOT / "autograder" / "course.schema.json"
    wanted = json.dumps(course.course_schema(), indent=2) + "\n"
    cure = "file.write_text(json.dumps(course_schema(), indent=2) + '\\n')"
    assert file.read_text() == wanted, f"Write it anew: {cure}"


def test_the_schema_takes_the_real_course_and_refuses_a_slip():
    """An editor that follows the schema accepts our own course.yaml and marks an unknown key."""
    jsonschema = pytest.importorskip("jsonschema")
    data, _ = course._read(ROOT / "course.yaml")
    jsonschema.validate(data, course.course_schema())
    with pytest.raises(jsonschema.ValidationError, match="latte"):
        jsonschema.validate(data | {"latte": 1}, course.course_schema())
