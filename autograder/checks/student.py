"""The `student` that a check sees: every public name is a function, every call's value an Answer."""

from __future__ import annotations

from typing import Any

from autograder.checks.answer import Answer, plain
from autograder.checks.recorder import Call, CheckFailed, current
from autograder.errors import JudgeError, StudentFault
from autograder.records import Handle, Reply, Student


class Proxy:
    """Turns `student.softmax(z)` into a call by name.  Names that start with "_" are refused here, and go nowhere."""

    __slots__ = ("_student",)

    def __init__(self, student: Student) -> None:
        self._student = student

    def __getattr__(self, name: str) -> Function:
        if name.startswith("_"):
            raise AttributeError(name)
        return Function(self._student, name)

    def __repr__(self) -> str:
        return "<student>"


class Function:
    """A function of the student's, or a method of an object (`on`) that stayed in the box."""

    __slots__ = ("_name", "_on", "_owner", "_student")

    def __init__(self, student: Student, name: str, on: Handle | None = None, owner: str = "") -> None:
        self._student, self._name, self._on, self._owner = student, name, on, owner

    def __call__(self, *args: Any, **kwargs: Any) -> Answer:
        reply, call = self._call(args, kwargs, keep=False)
        return Answer(reply.value, self._name, call, on=self._method)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any], keep: bool) -> tuple[Reply, Call]:
        args, kwargs = plain(args), plain(kwargs)
        if not all(name.isidentifier() for name in kwargs):
            raise JudgeError(f"a keyword of student.{self._name}(...) is not a name.")
        call = Call(self._name, args, kwargs, self._on is not None)
        recorder = current.get()
        if recorder is not None:
            recorder.calls.append(call)
        try:
            return self._student.call(self._name, args, kwargs, on=self._on, keep=keep), call
        except StudentFault as fault:
            if fault.kind == "missing" and self._on is not None:
                raise CheckFailed(f"`{self._owner}` gave an object that has no `{self._name}`.") from None
            raise

    def _method(self, on: Handle, name: str) -> Function:
        return Function(self._student, name, on, self._name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise JudgeError(f"student.{self._name}.{name}: a function has no attributes here; call it.")

    def __repr__(self) -> str:
        return f"<student.{self._name}>"
