"""Whose fault it is, as types.

AutograderError
├── UserError            the caller's mistake: one line (what, where, cure), exit code 2, nothing half-written
│   ├── CourseError      course.yaml
│   ├── UnitError        a unit's notebook.py, test_hidden.py, wrong.py, right.py
│   ├── SubmissionError  a file that cannot become a submission
│   ├── CommandError     a command's words: an unknown student, unit or id
│   └── AnswerError      an answer to a quiz question that cannot be read; it costs nothing
└── OurError             we failed: the work is "not graded", costs nobody a point and is tried again; exit code 1
    ├── BoxError         the sandbox broke, or refuses to work because its self-test failed
    │   └── NoBox        no box can be had here now: nothing is charged to the submission
    ├── JudgeError       a hidden test or the reference broke
    └── StoreError       the database or the blobs

StudentFault stands apart: it is what a student's own code did, and becomes a verdict, never an error message of ours.
"""


class AutograderError(Exception):
    """Everything that this package raises on purpose."""


class UserError(AutograderError):
    """The caller's mistake."""


class CourseError(UserError):
    """course.yaml is wrong."""


class UnitError(UserError):
    """A unit's files are wrong."""


class SubmissionError(UserError):
    """A file that cannot become a submission."""


class CommandError(UserError):
    """The words of a command are wrong."""


class AnswerError(UserError):
    """An answer to a quiz question cannot be read; it is not judged."""


class OurError(AutograderError):
    """We failed; no point is taken."""


class BoxError(OurError):
    """The sandbox broke, or refuses to work."""


class NoBox(BoxError):
    """No box can be had here now; nothing is charged to the submission."""


class JudgeError(OurError):
    """A hidden test or the reference broke."""


class StoreError(OurError):
    """The database or the blobs are unusable."""


class StudentFault(Exception):
    """A call into the student's code did not give an answer.

    kind: the value of the Verdict that it leads to ("crashed", "timed out", "out of memory", "missing", ...).
    sentence: for the student, safe to show: built by us from known words, never from a string of the box.
    cell, line: where in the student's own code (cell index as run, 1-based line), if known.
    error: of "crashed", the name of Python's own exception type, or empty.
    """

    def __init__(
        self, kind: str, sentence: str, cell: int | None = None, line: int | None = None, error: str = ""
    ) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        self.cell = cell
        self.line = line
        self.error = error
