"""Answers and the proxy: whatever a student gives, a check fails with a sentence or goes on."""

import warnings

import numpy as np
import pytest

from autograder.checks import agree, award, numbers, tensor, untouched
from autograder.checks.answer import Answer
from autograder.checks.local import LocalStudent
from autograder.checks.recorder import CheckFailed, Recorder, current
from autograder.checks.student import Proxy
from autograder.errors import JudgeError, StudentFault
from autograder.records import Handle, Reply

HOSTILE = [
    None,
    "abc",
    b"x",
    (1, 2),
    [[1], [1, 2]],
    [None],
    {},
    {"a": 1},
    float("nan"),
    10**300,
    1j,
    True,
    Handle(3),
    [],
]


def student(**functions):
    return Proxy(LocalStudent(functions))


OPERATIONS = {
    "index": lambda a: a[0],
    "slice": lambda a: a[:, 1:],
    "key": lambda a: a["dW"],
    "mask": lambda a: a[np.array([True, False])],
    "two": lambda a: [*_two(a)],
    "three": lambda a: _three(a),
    "loop": lambda a: [x + 1 for x in a],
    "sum": lambda a: a.sum(axis=-1),
    "T": lambda a: a.T @ np.ones(3),
    "shape": lambda a: a.shape[1],
    "mean": lambda a: a.mean() + 1,
    "plus": lambda a: 1 + a - np.ones(3),
    "matmul": lambda a: np.eye(4) @ a,
    "power": lambda a: (-a) ** 2,
    "compare": lambda a: bool((a > 0).all()),
    "equal": lambda a: bool((a == 1).any()),
    "ufunc": lambda a: np.exp(a) / np.pi,
    "function": lambda a: np.linalg.norm(a, axis=1),
    "svd": lambda a: np.linalg.svd(a),
    "stack": lambda a: np.concatenate([a, np.ones(3)]),
    "asarray": lambda a: np.asarray(a),
    "array of answers": lambda a: np.array([float(a), 1.0]),
    "float": lambda a: float(a),
    "int": lambda a: int(a),
    "range": lambda a: range(a),
    "length": lambda a: len(a),
    "in": lambda a: "x" in a,
    "round": lambda a: round(a, 2),
    "abs": lambda a: abs(a),
    "items": lambda a: [(k, v + 1) for k, v in a.items()],
    "lower": lambda a: a.lower(),
    "unknown": lambda a: a.no_such_thing,
    "call": lambda a: a(1),
    "truth": lambda a: not a,
    "numbers": lambda a: numbers(a, (3,)),
    "award": lambda a: award(a, "why"),
    "agree": lambda a: agree(a, np.ones(3)),
    "agree with itself": lambda a: agree(a, a[0]),
    "not": lambda a: ~a,
    "format": lambda a: f"{a!r}",
}


def _two(a):
    x, y = a
    return x, y


def _three(a):
    x, *_, y, z = a
    return x, y, z


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("value", HOSTILE, ids=lambda v: repr(v)[:12])
def test_no_operation_on_no_value_is_an_error_of_ours(value, operation):
    """Every operation on every kind of value goes through, or is a failed check with a sentence."""
    answer = Answer(value, "f")
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            operation(answer)
    except CheckFailed as failed:
        text = str(failed)
        assert text.endswith(".")
        assert "abc" not in text


def test_an_answer_computes_like_its_array():
    """A check reads as if the answer were the array that it should be, list or not."""
    for value in (np.arange(6.0).reshape(2, 3), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]):
        s = student(f=lambda value=value: value)
        a, x = s.f(), np.arange(6.0).reshape(2, 3)
        agree(a[0], x[0])
        agree(a[:, 1], x[:, 1])
        agree(a.T @ np.ones(2), x.T @ np.ones(2))
        agree(np.exp(a).sum(axis=1), np.exp(x).sum(axis=1))
        agree(2 * a - 1, 2 * x - 1)
        agree(a.shape, (2, 3))
        assert a.shape == (2, 3)
        assert (a >= 0).all()
        assert len(a) == 2
        assert float(a[1][2]) == 5.0
        assert np.allclose(a, x)
        agree(np.stack(list(a)), x)


def test_parts_of_a_wrong_number_fail_with_both_numbers():
    """`loss, grads = student.f(x)` on three parts says so, where Python's own ValueError would be our error."""
    with pytest.raises(CheckFailed, match="gave 3 parts, 2 are expected"):
        _two(student(f=lambda: (1, 2, 3)).f())
    with pytest.raises(CheckFailed, match="gave 1 parts, 2 are expected"):
        _two(student(f=lambda: [1]).f())
    a, b = student(f=lambda: (1, [2.0])).f()
    agree(a, 1)
    agree(b, [2.0])


def test_a_missing_key_is_named():
    """The key that a check asks for is public: it stands in the exercise's text."""
    with pytest.raises(CheckFailed, match="no 'db'"):
        student(f=lambda: {"dW": 1}).f()["db"]


@pytest.mark.parametrize(
    "name", ["__array_interface__", "__class_getitem__", "_private", "__array_struct__", "__len__"]
)
def test_names_with_an_underscore_go_nowhere(name):
    """Neither the student, nor a function, nor an object in the box is asked for a name that starts with "_"."""

    class Listening:
        def call(self, *args, **kwargs):
            raise AssertionError("asked")

    proxy = Proxy(Listening())
    for thing in (proxy, proxy.f, Answer(Handle(1), "f", on=lambda handle, name: 1 / 0)):
        with pytest.raises(AttributeError):
            object.__getattribute__(type(thing), "__getattr__")(thing, name)


def test_numpy_does_not_read_through_an_object():
    """np.asarray of an object that stayed in the box is a failed check, not the judge's own memory."""
    with pytest.raises(CheckFailed):
        np.asarray(Answer(Handle(1), "f", on=lambda handle, name: 1 / 0))


def test_objects_stay_and_are_called_by_name():
    """An object that is not plain data comes back as a handle with public methods; it equals itself only."""

    class Counter:
        def __init__(self, start):
            self.n = start

        def up(self, by=1):
            self.n += by
            return self.n

    s = student(Counter=Counter, read=lambda counter: counter.n)
    c = s.Counter(3)
    agree(c.up(), 4)
    agree(c.up(by=2), 6)
    agree(s.read(c), 6)
    assert c == c
    assert c != s.Counter(3)
    with pytest.raises(CheckFailed, match="no `down`"):
        c.down()
    with pytest.raises(CheckFailed):
        agree(c, 6)


def test_arguments_are_copies_and_answers_are_too():
    """A student who keeps and changes arguments or answers changes nothing on our side."""
    kept = np.zeros(2)
    x = np.ones(2)

    def spoil(a):
        a[:] = 7
        return kept

    s = student(f=spoil)
    answer = s.f(x)
    kept[:] = 9
    agree(x, [1.0, 1.0])
    agree(answer, [0.0, 0.0])


def test_answers_may_be_passed_on():
    """An answer as an argument goes as its plain value, also inside a list."""
    s = student(f=lambda x: x + 1, g=lambda xs: sum(xs))
    agree(s.f(s.f(np.zeros(2))), [2.0, 2.0])
    agree(s.g([s.f(1.0), 2.0]), 4.0)


def test_tensors_arrive_as_tensors_and_return_as_arrays():
    """tensor(x) is a torch tensor inside, and a tensor that comes back is judged as an array."""
    torch = pytest.importorskip("torch")
    s = student(f=lambda t: torch.exp(t))
    agree(s.f(tensor(np.zeros((2, 1)))), np.ones((2, 1)))


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda x: 1 / 0, "crashed"),
        (lambda: 1, "crashed"),
        (lambda x: next(iter(())), "crashed"),
        (None, "missing"),
        (3, "failed"),
        (lambda x: 10**400, "failed"),
    ],
)
def test_faults_have_the_kinds_of_a_box(function, kind):
    """Exceptions, missing functions and answers that cannot cross are the student's faults, in our own words."""
    with pytest.raises(StudentFault) as caught:
        student(**{"f": function} if function is not None else {}).f(1)
    assert caught.value.kind == kind


def test_untouched_sees_every_bit():
    """An argument that changed by a sign of zero is changed; one that was only read is not."""

    def flip(x):
        x[0] = -0.0

    untouched(student(f=lambda x, p: x.sum()).f, np.zeros(2), {"W": [np.ones(2), 3, np.nan]})
    with pytest.raises(CheckFailed, match="changes its input"):
        untouched(student(f=flip).f, np.zeros(2))
    with pytest.raises(CheckFailed):
        untouched(student(f=lambda xs: xs.append(1)).f, [1, 2])
    with pytest.raises(CheckFailed):
        untouched(student(f=lambda p: p.update(a=1)).f, {"b": 1})
    with pytest.raises(CheckFailed):
        untouched(student(f=lambda x: x.sort()).f, np.array([2.0, 1.0]))


def test_untouched_does_not_believe_an_answer_without_arguments():
    """A box that does not say what became of the arguments has not shown that they are untouched."""

    class Silent:
        def call(self, *args, **kwargs):
            return Reply(1.0)

    with pytest.raises(CheckFailed):
        untouched(Proxy(Silent()).f, np.ones(2))


@pytest.mark.parametrize(
    ("fraction", "quarters"),
    [(1.0, 1), (0.99, 0.75), (0.75, 0.75), (0.1 + 0.2 + 0.45, 0.75), (0.24, 0), (-1, 0), (7, 1), (float("nan"), 0)],
)
def test_awards_come_in_quarters_rounded_down(fraction, quarters):
    """Partial credit tells no more than five values."""
    recorder = Recorder()
    token = current.set(recorder)
    award(fraction, "why")
    current.reset(token)
    assert recorder.award == (quarters, "why")


def test_two_answers_side_by_side_are_both_the_students():
    """What cannot be judged on either side of such an agree is a failed check, not our error."""
    for value in (None, float("nan"), "text", object(), []):
        s = student(f=lambda value=value: value)
        with pytest.raises(CheckFailed):
            agree(s.f(), s.f())


def test_a_check_that_compares_the_function_itself_is_our_error():
    """student.f instead of student.f(x) is the author's slip."""
    with pytest.raises(JudgeError):
        agree(1.0, student(f=abs).f)
    with pytest.raises(JudgeError):
        _ = student(f=abs).f.shape


@pytest.mark.parametrize("name", ["sum", "mean", "max", "T", "shape", "tolist", "reshape"])
def test_an_object_is_never_asked_for_what_arrays_do(name):
    """`student.f(x).sum()` judges numbers; an object whose own `sum` says what it likes has failed."""
    asked = []
    answer = Answer(Handle(1), "`f`", on=lambda handle, method: asked.append(method))
    with pytest.raises(CheckFailed):
        getattr(answer, name)
    assert asked == []
