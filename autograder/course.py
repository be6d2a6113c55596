"""course.yaml: the units in order, due dates, the late policy, limits and extensions.

The file is read into plain data with the line of every key, checked against strict models (a slip of the pen is an
error with its line and cure, never a silent default), and resolved into a `Course`: every date with a zone, every
unit with its own limits. No meaning hides in YAML's guesses: `no`, `007` and `2027-01-02` stay the text they are.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, WithJsonSchema
from pydantic_core import ErrorDetails

from autograder import records
from autograder.errors import CommandError, CourseError
from autograder.records import Limits

FILE = "course.yaml"
_LARGEST = 1 << 20  # bytes; a year with a thousand extensions stays below a tenth of it

Place = tuple[str | int, ...]  #: the way to a value: ("units", 0, "due")


# What may stand in the file --------------------------------------------------------------------------------------


def _date(value: Any, info: ValidationInfo) -> Any:
    """A date with a time; the course's timezone where it names no zone of its own."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("is not a date with a time. Write it as 2027-03-05 23:59") from None
    if len(value) <= len("2027-03-05"):
        # Midnight at the start of that day is not what "due on the 5th" means.
        raise ValueError(f"has no time. Write it as {value} 23:59")
    return moment if moment.tzinfo else moment.replace(tzinfo=(info.context or {}).get("zone", ZoneInfo("UTC")))


Date = Annotated[
    datetime,
    BeforeValidator(_date),
    WithJsonSchema(
        {"type": "string", "description": "2027-03-05 23:59, in the course's timezone; or with its own: +01:00"}
    ),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$", description="lower-case letters, digits and _")]
Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LatePolicy(_Strict):
    """What lateness costs: a share of the maximum per started day, for max_days at most."""

    per_day: float = Field(default=0.1, ge=0, le=1, description="share of the maximum lost per started day")
    max_days: int = Field(default=5, ge=0, le=365, description="days that cost; from then on no more is lost")


class Gpu(_Strict):
    """What a unit needs of a graphics card."""

    share: float = Field(default=1.0, gt=0, le=1, description="part of one card")
    memory: int = Field(default=4096, gt=0, description="MiB on the card")


class LimitsEntry(_Strict):
    """What one submission may use, where it differs from the default. Times in seconds, sizes in MiB."""

    call_s: float | None = Field(default=None, gt=0, description="one call of a function")
    load_s: float | None = Field(default=None, gt=0, description="running the notebook's cells")
    total_s: float | None = Field(default=None, gt=0, description="the whole submission")
    memory_mb: int | None = Field(default=None, ge=64)
    processes: int | None = Field(default=None, ge=1)
    file_mb: int | None = Field(default=None, ge=1, description="all files it writes")
    output_kb: int | None = Field(default=None, ge=1, description="what it prints")
    answer_mb: int | None = Field(default=None, ge=1, description="one answer")

    def over(self, base: Limits) -> Limits:
        """The base with what is stated here put over it."""
        return replace(base, **self.model_dump(exclude_none=True))


class Attempts(_Strict):
    """How often a student may hand in a unit, and how soon again. Refused work is no attempt."""

    limit: int | None = Field(default=None, ge=1, description="attempts; no limit when left out")
    cooldown: float = Field(default=0, ge=0, le=7 * 24 * 60, description="minutes between two attempts")


def _attempts(value: Any) -> Any:
    """A bare number is the limit."""
    return {"limit": value} if isinstance(value, int | float | str) else value


class Feedback(_Strict):
    """What the feedback tells."""

    detail: Literal["after_due", "never"] = Field(
        default="after_due", description="when more is told than a student needs while the work can be mended"
    )


class UnitEntry(_Strict):
    """One unit: a folder of assignments/."""

    name: Name
    title: str = Field(default="", description="for people; the name when left out")
    covers: Words = Field(default=(), description="techniques that it teaches, in a word or two each")
    lectures: Words = Field(default=(), description='where they are taught, as "Boyer: Max pooling"')
    due: Date | None = None
    attempts: Annotated[
        Attempts | None,
        BeforeValidator(_attempts),
        WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, Attempts.model_json_schema(), {"type": "null"}]}),
    ] = Field(default=None, description="5, or {limit: 5, cooldown: 30}; open when left out")
    limits: LimitsEntry = LimitsEntry()
    gpu: Gpu | None = None


class QuizEntry(_Strict):
    """One graded quiz: questions drawn from the units' templates."""

    name: Name
    title: str = Field(default="", description="for people; the name when left out")
    ask: Words = Field(alias="from", min_length=1, description="units, techniques, tags or templates to draw from")
    count: int | None = Field(default=None, ge=1, le=100, description="questions; one of each template when left out")
    points: float = Field(default=10.0, gt=0, description="of the whole quiz, the same for each question")
    opens: Date | None = None
    due: Date | None = Field(default=None, description="the late policy counts from here")
    closes: Date | None = Field(default=None, description="no attempt begins or ends later; open when left out")
    attempts: int = Field(default=1, ge=1, description="the best one counts")
    minutes: float | None = Field(default=None, gt=0, description="from the first question to the last answer")
    variants: Literal["per_student", "fixed"] = Field(
        default="per_student", description="fixed: the same numbers for all, in every attempt"
    )


class Practice(_Strict):
    """Practice with quizzes."""

    new_per_day: int = Field(default=10, ge=1, le=500, description="templates that a learner meets for the first time")


class CourseEntry(_Strict):
    """The whole file."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="letters, digits, _ . -")
    title: str = ""
    timezone: str = Field(default="UTC", description="an IANA name, as Europe/Paris")
    late: LatePolicy = LatePolicy()
    feedback: Feedback = Feedback()
    limits: LimitsEntry = Field(default=LimitsEntry(), description="for every unit that does not state its own")
    units: tuple[UnitEntry, ...] = Field(strict=False, min_length=1, description="in teaching order")
    quizzes: tuple[QuizEntry, ...] = Field(default=(), strict=False, description="graded quizzes")
    practice: Practice = Practice()
    extensions: dict[str, dict[str, Date]] = Field(default={}, description="student: {unit or quiz: new due date}")


_MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): CourseEntry,
    ("late",): LatePolicy,
    ("feedback",): Feedback,
    ("limits",): LimitsEntry,
    ("units",): UnitEntry,
    ("units", "attempts"): Attempts,
    ("units", "limits"): LimitsEntry,
    ("units", "gpu"): Gpu,
    ("quizzes",): QuizEntry,
    ("practice",): Practice,
}


def course_schema() -> dict[str, Any]:
    """The JSON schema of course.yaml for editors; autograder/course.schema.json is this, and a test says so."""
    schema = CourseEntry.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": FILE}


# What the rest of the program sees -------------------------------------------------------------------------------


@dataclass(frozen=True)
class UnitSettings:
    """What course.yaml says of one unit, with the course's limits filled in."""

    name: str
    title: str
    due: datetime | None  #: aware
    limits: Limits
    attempts: Attempts | None
    gpu: records.Gpu | None
    covers: tuple[str, ...] = ()  #: techniques
    lectures: tuple[str, ...] = ()


@dataclass(frozen=True)
class QuizSettings:
    """What course.yaml says of one graded quiz."""

    name: str
    title: str
    ask: tuple[str, ...]
    count: int | None
    points: float
    opens: datetime | None
    due: datetime | None
    closes: datetime | None
    attempts: int
    minutes: float | None
    per_student: bool


@dataclass(frozen=True)
class Course:
    """course.yaml, checked and resolved."""

    id: str
    title: str
    root: Path
    timezone: ZoneInfo
    units: tuple[UnitSettings, ...]  #: those that have a notebook
    late: LatePolicy
    extensions: Mapping[str, Mapping[str, datetime]]
    feedback: Feedback
    titles: Mapping[str, str] = field(
        default_factory=dict
    )  #: of all units in their order, also of those that have only a quiz.py
    quizzes: tuple[QuizSettings, ...] = ()
    new_per_day: int = 10  #: templates that a learner meets for the first time in practice

    def unit(self, name: str) -> UnitSettings:
        """The settings of a unit, or a CommandError with the names that there are."""
        for unit in self.units:
            if unit.name == name:
                return unit
        names = [unit.name for unit in self.units]
        raise CommandError(f"No unit {name!r} in {FILE}.{_meant(name, names)} The units are {', '.join(names)}.")

    @property
    def topics(self) -> tuple[str, ...]:
        """All units in their order, also those that have only a quiz.py."""
        return tuple(self.titles)

    def is_quiz(self, name: str) -> bool:
        """Whether a graded quiz has this name."""
        return any(quiz.name == name for quiz in self.quizzes)

    def quiz(self, name: str) -> QuizSettings:
        """The settings of a graded quiz, or a CommandError with the names that there are."""
        for quiz in self.quizzes:
            if quiz.name == name:
                return quiz
        names = [quiz.name for quiz in self.quizzes]
        known = f"The quizzes are {', '.join(names)}." if names else "There are none: add them under 'quizzes:'."
        raise CommandError(f"No quiz {name!r} in {FILE}.{_meant(name, names)} {known}")

    def due(self, name: str, student: str) -> datetime | None:
        """When this student's work on the unit or quiz is due: the extension if there is one."""
        due = self.quiz(name).due if self.is_quiz(name) else self.unit(name).due
        return self.extensions.get(student, {}).get(name, due)


def load_course(path: Path) -> Course:
    """Read a course folder (or its course.yaml); every mistake is one CourseError line with its place and cure."""
    file = path / FILE if path.is_dir() else path
    data, lines = _read(file)
    _Faults(data, lines).zone()
    try:
        entry = CourseEntry.model_validate(data, context={"zone": ZoneInfo(data.get("timezone", "UTC"))})
    except ValidationError as err:
        raise _Faults(data, lines).first(err.errors()) from None
    root = file.resolve().parent
    _Faults(data, lines).names(entry, root)
    return _resolve(entry, root)


def _resolve(entry: CourseEntry, root: Path) -> Course:
    base = entry.limits.over(Limits())
    units = tuple(
        UnitSettings(
            unit.name,
            unit.title or unit.name,
            unit.due,
            unit.limits.over(base),
            unit.attempts,
            _card(unit.gpu),
            unit.covers,
            unit.lectures,
        )
        for unit in entry.units
        if _has_notebook(root, unit.name)
    )
    return Course(
        id=entry.id,
        title=entry.title or entry.id,
        root=root,
        timezone=ZoneInfo(entry.timezone),
        units=units,
        late=entry.late,
        extensions=entry.extensions,
        feedback=entry.feedback,
        titles={unit.name: unit.title or unit.name for unit in entry.units},
        quizzes=tuple(map(_quiz, entry.quizzes)),
        new_per_day=entry.practice.new_per_day,
    )


def _has_notebook(root: Path, unit: str) -> bool:
    return (root / "assignments" / unit / "notebook.py").is_file()


def _quiz(entry: QuizEntry) -> QuizSettings:
    stated = entry.model_dump(exclude={"variants"})
    return QuizSettings(**{**stated, "title": entry.title or entry.name}, per_student=entry.variants == "per_student")


def _card(entry: Gpu | None) -> records.Gpu | None:
    return records.Gpu(entry.share, entry.memory) if entry is not None else None


# Reading: plain data and the line of each key --------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML without guesses: only null, true, false and decimal numbers are anything but text."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 (PyYAML's own attribute)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            # Ten lines of aliases can stand for a billion values.
            events: Any = self  # peek_event carries no types
            line = events.peek_event().start_mark.line + 1
            raise _at(line, "aliases (*name) are not allowed. Write the value out.")
        return super().compose_node(parent, index)


for _tag, _form, _first in [
    ("null", r"^(~|null|)$", ["~", "n", ""]),
    ("bool", r"^(true|false)$", ["t", "f"]),
    ("int", r"^-?[0-9]{1,18}$", list("-0123456789")),
    ("float", r"^-?[0-9]{1,18}(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,2})?$", list("-0123456789")),
]:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_form), _first)


def _at(line: int, what: str) -> CourseError:
    return CourseError(f"{FILE}:{line}: {what}")


def _read(file: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    """The file as plain data, and the line on which each key or list item stands."""
    text = _text(file)
    lines: dict[Place, int] = {(): 1}
    try:
        node = _Loader(text).get_single_node()
        data = None if node is None else _plain(node, (), lines)
    except yaml.YAMLError as err:
        raise _bad_yaml(err, text) from None
    except RecursionError:
        raise _at(1, "lists or keys are nested hundreds deep. Make it flat.") from None
    if data is None:
        raise _at(1, "the file is empty. Start with 'id: my-course' and a list 'units:'.")
    if not isinstance(data, dict):
        raise _at(1, "the file is not a list of keys with values. Start with 'id: my-course'.")
    return data, lines


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(_LARGEST + 1)
    except OSError:
        raise CourseError(f"{file}: there is no course here. Go to the folder that holds {FILE}, or name it.") from None
    if len(raw) > _LARGEST:
        raise CourseError(f"{FILE}:1: the file is larger than 1 MiB. Keep only settings in it.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = raw.count(b"\n", 0, err.start) + 1
        raise _at(line, "this line is not UTF-8 text. Save the file as UTF-8.") from None


def _bad_yaml(err: yaml.YAMLError, text: str) -> CourseError:
    mark = getattr(err, "problem_mark", None) or getattr(err, "context_mark", None)
    line = mark.line + 1 if mark else text.count("\n", 0, getattr(err, "position", 0)) + 1
    rows = text.splitlines()
    if "\t" in "".join(rows[line - 1 : line]):
        return _at(line, "there is a tab in this line. Indent with spaces.")
    problem = getattr(err, "problem", None) or "a character that may not stand in YAML"
    return _at(line, f"not readable as YAML: {problem}. Look at this line and the one above it.")


def _plain(node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    """One YAML node as None, bool, int, float, str, list or dict with text keys."""
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, lines)
    if isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            lines[(*place, i)] = item.start_mark.line + 1
        return [_plain(item, (*place, i), lines) for i, item in enumerate(node.value)]
    makers: dict[str, Any] = {
        "null": lambda _: None,
        "bool": lambda s: s == "true",
        "int": int,
        "float": float,
        "str": str,
    }
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind not in makers:
        raise _at(node.start_mark.line + 1, f"the tag {node.tag!r} is not allowed. Write plain text or a number.")
    return makers[kind](node.value)


def _mapping(node: yaml.MappingNode, place: Place, lines: dict[Place, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _at(line, "a key must be one word. Write 'key: value'.")
        if key.value in found:
            first = lines[(*place, key.value)]
            raise _at(line, f"{key.value!r} is given twice, first in line {first}. Keep one of them.")
        lines[(*place, key.value)] = line
        found[key.value] = _plain(value, (*place, key.value), lines)
    return found


# Saying what is wrong --------------------------------------------------------------------------------------------


def _meant(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _path(place: Place) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


_CURES = {
    "string": "Write text, in quotes if it looks like a number.",
    "float": "Write a number, without quotes.",
    "int": "Write a whole number, without quotes.",
    "model": "Write keys with values below it, or leave it out.",
    "dict": "Write keys with values below it, or leave it out.",
    "tuple": "Write a list: one line '- ...' for each.",
}


@dataclass(frozen=True)
class _Faults:
    """The data beside its lines: turns what is wrong into one line with place and cure."""

    data: dict[str, Any]
    lines: dict[Place, int]

    def at(self, place: Place, what: str) -> CourseError:
        while place not in self.lines:
            place = place[:-1]
        return _at(self.lines[place], what)

    def first(self, errors: list[ErrorDetails]) -> CourseError:
        """The mistake that stands highest in the file; the next one shows when it is mended."""
        # A list whose only entry is wrong counts as empty too: the entry's own mistake says more.
        below = [e for e in errors if not any(o is not e and o["loc"][: len(e["loc"])] == e["loc"] for o in errors)]
        # A misspelt key is missing under its right name as well: the misspelling says more.
        below.sort(key=lambda error: error["type"] != "extra_forbidden")
        return min(map(self.one, below), key=lambda error: int(str(error).split(":")[1]))

    def one(self, error: ErrorDetails) -> CourseError:
        place: Place = tuple(error["loc"])
        if error["type"] == "missing":
            return self.at(place, f"{_path(place)!r} is missing. Add '{place[-1]}: ...' here.")
        if error["type"] == "extra_forbidden":
            return self.unknown(place)
        if error["type"] == "value_error":
            return self.at(place, f"{_path(place)} ({error['input']!r}) {error['ctx']['error']}.")
        told = error["msg"].replace("Input should", "should").replace("String should", "should")
        cure = _CURES.get(error["type"].split("_")[0], "Correct it.") if "_type" in error["type"] else "Correct it."
        value = repr(error["input"])
        return self.at(place, f"{_path(place)} {told}, not {value if len(value) < 60 else value[:57] + '...'}. {cure}")

    def unknown(self, place: Place) -> CourseError:
        fields = _MODELS[tuple(part for part in place[:-1] if isinstance(part, str))].model_fields
        known = [field.alias or name for name, field in fields.items()]
        word = str(place[-1])
        hint = _meant(word, known) or f" Known here: {', '.join(known)}."
        return self.at(place, f"unknown key {word!r}.{hint}")

    def zone(self) -> None:
        """The timezone comes first: dates are read with it."""
        name = self.data.get("timezone", "UTC")
        if isinstance(name, str) and name != "UTC" and name not in available_timezones():
            known = available_timezones()
            hint = _meant(name, known) or " Write an IANA name, as Europe/Paris."
            if not known:
                hint = " This machine knows no timezones at all: install tzdata (pip install tzdata)."
            raise self.at(("timezone",), f"unknown timezone {name!r}.{hint}")
        if not isinstance(name, str):
            raise self.at(("timezone",), f"timezone should be text, not {name!r}. Write an IANA name, as Europe/Paris.")

    def names(self, entry: CourseEntry, root: Path) -> None:
        """Names that refer to something: units to folders, extensions to units with an earlier due date."""
        seen: dict[str, UnitEntry | QuizEntry] = {}
        for i, unit in enumerate(entry.units):
            here: Place = ("units", i, "name")
            if unit.name in seen:
                raise self.at(here, f"the unit {unit.name!r} is listed twice. Remove one of them.")
            self.folder(here, unit.name, root)
            seen[unit.name] = unit
        for i, quiz in enumerate(entry.quizzes):
            self.quiz(("quizzes", i), quiz, seen)
            seen[quiz.name] = quiz
        for student, moved in entry.extensions.items():
            for name, date in moved.items():
                self.extension(("extensions", student, name), seen, name, date)

    def folder(self, place: Place, name: str, root: Path) -> None:
        folder = root / "assignments" / name
        if _has_notebook(root, name) or (folder / "quiz.py").is_file():
            return
        others = [each.name for each in folder.parent.iterdir() if each.is_dir()] if folder.parent.is_dir() else []
        hint = _meant(name, [other for other in others if other != name])
        raise self.at(
            place, f"unit {name!r} has no assignments/{name}/notebook.py.{hint} Create it, or remove the unit."
        )

    def quiz(self, place: Place, quiz: QuizEntry, seen: Mapping[str, UnitEntry | QuizEntry]) -> None:
        if quiz.name in seen:
            raise self.at((*place, "name"), f"the name {quiz.name!r} is taken. Call the quiz something else.")
        moments = [("opens", quiz.opens), ("due", quiz.due), ("closes", quiz.closes)]
        known = [(name, moment) for name, moment in moments if moment is not None]
        for (earlier, first), (later, second) in pairwise(known):
            if second <= first:
                raise self.at((*place, later), f"{quiz.name!r} {later} before it {earlier}. Write a later date.")

    def extension(self, place: Place, units: Mapping[str, UnitEntry | QuizEntry], name: str, date: datetime) -> None:
        if name not in units:
            raise self.at(
                place, f"an extension for the unknown unit {name!r}.{_meant(name, units)} Use a name of 'units'."
            )
        due = units[name].due
        if due is None:
            raise self.at(place, f"unit {name!r} has no due date to extend. Remove the extension, or give it one.")
        if date < due:
            raise self.at(
                place, f"this extension ends before {name!r} is due ({due:%Y-%m-%d %H:%M}). Write a later date."
            )
