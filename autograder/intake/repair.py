"""A student's cells back in their places: given cells from the unit, solutions wherever they ended up.

A cell's id is a claim. Solutions are found by id and by the functions that a cell defines, given cells by id and by
their text; what runs of a given cell is always the unit's own. Cells that belong to nothing are the student's own: they
run where they stood, after the same solutions and given cells as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autograder.intake import code
from autograder.intake.formats import RawCell, Unpacked
from autograder.records import Cell, Intake

if TYPE_CHECKING:
    from autograder.notebook import Exercise, Unit, UnitCell

_RUNS = ("code", "exercise")
_LOCKED_CODE = ("code", "plot", "test")


@dataclass
class _Found:
    """What was recognised so far."""

    unit: Unit
    cells: tuple[RawCell, ...]
    claims: dict[int, str]  #: number of a cell -> the unit cell that it claims to be
    definitions: dict[int, Mapping[str, str]]  #: number of a cell -> what it defines, if it can matter
    places: dict[str, RawCell] = field(default_factory=dict)  #: unit cell id -> the student's cell in that place
    taken: set[int] = field(default_factory=set)  #: numbers of cells that are no cells of the student's own
    elsewhere: set[str] = field(default_factory=set)  #: exercises solved in another exercise's cell
    manual: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def free(self) -> list[RawCell]:
        return [cell for cell in self.cells if cell.number not in self.taken]

    def claiming(self, id: str) -> list[RawCell]:
        return [cell for cell in self.cells if self.claims.get(cell.number) == id]

    def take(self, cell: RawCell, place: str) -> None:
        self.places[place] = cell
        self.taken.add(cell.number)

    def is_stub(self, cell: RawCell, exercise: Exercise) -> bool:
        return code.is_blank(cell.source) or code.is_stub(self.definitions.get(cell.number, {}), exercise)


def restore(unpacked: Unpacked, unit: Unit) -> Intake:
    """The cells in running order, the answers to manual questions, and a note for each repair."""
    found = _look_over(unpacked, unit)
    _find_solutions(found)
    _find_given(found)
    _find_answers(found)
    return Intake(_in_running_order(found), found.manual, unpacked.notes + tuple(found.notes))


def unsolved(intake: Intake, unit: Unit) -> tuple[str, ...]:
    """The exercises whose cell is gone or still the released stub, and which no other cell solves."""
    given = {cell.id for cell in unit.cells if cell.kind == "code"}
    own = [(cell, code.definitions(cell.source)) for cell in intake.cells if cell.id not in given]
    return tuple(
        exercise.id for exercise in unit.exercises if not any(_answers(cell, found, exercise) for cell, found in own)
    )


def _answers(cell: Cell, found: Mapping[str, str], exercise: Exercise) -> bool:
    if code.is_stub(found, exercise):
        return False
    if cell.exercise == exercise.id:
        return not code.is_blank(cell.source)
    return any(name in found for name in exercise.functions)  # `softmax = my_softmax` in a cell of one's own counts


def _look_over(unpacked: Unpacked, unit: Unit) -> _Found:
    known = {cell.id for cell in unit.cells}
    exercises = {exercise.id for exercise in unit.exercises}
    names = {name for exercise in unit.exercises for name in exercise.functions}
    claims: dict[int, str] = {}
    definitions: dict[int, Mapping[str, str]] = {}
    for cell in unpacked.cells:
        claim = next((claim for claim in cell.claims if claim in known), None)
        # A text cell may be a solution that was re-typed by accident, but nobody writes one of that length.
        if claim and (cell.code or claim not in exercises or len(cell.source) <= code.PARSED_CHARACTERS):
            claims[cell.number] = claim
        if (cell.code or claims.get(cell.number) in exercises) and any(name in cell.source for name in names):
            definitions[cell.number] = code.definitions(cell.source)
    found = _Found(unit, unpacked.cells, claims, definitions)
    if unpacked.unit not in (None, unit.name):
        found.notes.append(f"The file says that it belongs to another unit; it was read as {unit.name}.")
    if not claims:
        found.notes.append("The file carries no cell marks; cells were recognised by the functions that they define.")
    return found


# ---------------------------------------------------------------- solutions


def _find_solutions(found: _Found) -> None:
    """Each exercise's cell: the last one with a solution; among several the one that has both the mark and the def."""
    ranked = [(exercise, *_best(found, exercise)) for exercise in found.unit.exercises]
    for exercise, cell, _ in sorted(ranked, key=lambda one: one[2]):
        if cell is None:
            found.notes.append(f"{exercise.id}: its cell was gone; the empty one was put back.")
        elif cell.number in found.taken:
            found.elsewhere.add(exercise.id)
        else:
            found.take(cell, exercise.id)
            _note_solution(found, exercise, cell)
    for exercise in found.unit.exercises:
        _drop_stubs(found, exercise)


def _best(found: _Found, exercise: Exercise) -> tuple[RawCell | None, int]:
    """The exercise's cell and how doubtful that is; None if it is gone."""
    doubts = [(cell, _doubt(found, exercise, cell)) for cell in found.cells]
    candidates = [
        (found.is_stub(cell, exercise), doubt, -cell.number, cell) for cell, doubt in doubts if doubt is not None
    ]
    _, doubt, _, cell = min(candidates, default=(True, 4, 0, None))
    return (None, 4) if cell is None or code.is_blank(cell.source) else (cell, doubt)


def _doubt(found: _Found, exercise: Exercise, cell: RawCell) -> int | None:
    """0 mark and def, 1 def without a mark, 2 def with another cell's mark, 3 mark only; None: not a candidate."""
    claim = found.claims.get(cell.number)
    defines = code.defines(found.definitions.get(cell.number, {}), exercise)
    if claim == exercise.id:
        return 0 if defines else 3
    if not defines:
        return None
    return 2 if claim else 1


def _note_solution(found: _Found, exercise: Exercise, cell: RawCell) -> None:
    claiming = found.claiming(exercise.id)
    if not cell.code:
        found.notes.append(f"{exercise.id}: its cell had become a text cell; it was read as code.")
    if found.claims and cell not in claiming:
        found.notes.append(
            f"{exercise.id}: the solution was found in cell {cell.number}, not in the cell given for it."
        )
    elif len(claiming) > 1:
        found.notes.append(
            f"{exercise.id}: {len(claiming)} cells carry its mark; the last solution, cell {cell.number}, counts."
        )


def _drop_stubs(found: _Found, exercise: Exercise) -> None:
    """A left-over stub must not run: it would define the solution away."""
    own = set(code.definitions(exercise.stub))
    for cell in found.free():
        claims = found.claims.get(cell.number) == exercise.id
        if not (cell.code or claims):
            continue
        beyond = set(found.definitions.get(cell.number, {})) - own
        if (not beyond and found.is_stub(cell, exercise)) or (claims and not cell.code):
            found.taken.add(cell.number)


# ---------------------------------------------------------------- given cells and answers


def _find_given(found: _Found) -> None:
    """Locked cells by id, then by text. What the student made of them is dropped; the unit's own text runs."""
    for cell in found.unit.cells:
        if cell.kind not in ("exercise", "answer"):
            _find_locked(found, cell)
    _drop_copies(found)
    for cell in found.unit.cells:
        if cell.kind == "code" and cell.id not in found.places:
            found.notes.append(f"{cell.id}: this given cell was gone; it was put back.")


def _find_locked(found: _Found, cell: UnitCell) -> None:
    claiming = [raw for raw in found.claiming(cell.id) if raw.number not in found.taken]
    if not claiming:
        return
    # A second, different cell with the same mark is a copy that became the student's own.
    mine = next((raw for raw in claiming if code.same(raw.source, cell.source)), claiming[0])
    found.take(mine, cell.id)
    if not code.same(mine.source, cell.source) and cell.kind == "code":
        found.notes.append(
            f"{cell.id}: this given cell was changed; the original runs. Put code of your own in a cell of your own."
        )
    elif not code.same(mine.source, cell.source) and cell.kind in ("test", "plot") and mine.code:
        found.notes.append(f"{cell.id}: this given cell was changed; it does not run when your work is graded.")


def _drop_copies(found: _Found) -> None:
    """Cells with the text of a given one, whatever their mark: without marks this is how given cells are known."""
    by_text = {code.normal(cell.source): cell for cell in reversed(found.unit.cells) if cell.kind in _LOCKED_CODE}
    for raw in found.free():
        cell = by_text.get(code.normal(raw.source)) if raw.code else None
        if cell is not None:
            found.taken.add(raw.number)
            found.places.setdefault(cell.id, raw)


def _find_answers(found: _Found) -> None:
    """Answers to manual questions: by id, else the text that follows the question. An untouched one is empty."""
    for before, cell in zip((None, *found.unit.cells), found.unit.cells, strict=False):
        if cell.kind != "answer":
            continue
        raw = next((raw for raw in reversed(found.claiming(cell.id))), None) or _after(found, before)
        if raw is None:
            found.notes.append(f"{cell.id}: the cell of your answer was gone; there is nothing to read.")
        else:
            found.taken.add(raw.number)
        text = raw.source if raw else ""
        found.manual[cell.id] = "" if code.same(text, cell.source) else text


def _after(found: _Found, question: UnitCell | None) -> RawCell | None:
    """The text cell that follows the question's text, if nothing else claims it."""
    if question is None:
        return None
    for raw, following in zip(found.cells, found.cells[1:], strict=False):
        if code.same(raw.source, question.source) and not following.code:
            return None if following.number in found.claims else following
    return None


# ---------------------------------------------------------------- order


def _in_running_order(found: _Found) -> tuple[Cell, ...]:
    """The unit's order; a cell of the student's own comes after everything that ran before it in the file."""
    after = _own_cells(found)
    cells = after.get(-1, [])
    for index, cell in enumerate(found.unit.cells):
        if cell.kind == "code":
            cells.append(Cell(cell.id, cell.source))
        elif cell.kind == "exercise" and cell.id not in found.elsewhere:
            raw = found.places.get(cell.id)
            cells.append(Cell(cell.id, raw.source if raw else cell.source, cell.id))
        cells += after.get(index, [])
    return tuple(cells)


def _own_cells(found: _Found) -> dict[int, list[Cell]]:
    """The student's own code cells by the index of the unit cell that they follow (-1: none)."""
    index = {cell.id: i for i, cell in enumerate(found.unit.cells) if cell.kind in _RUNS}
    place = {raw.number: index[id] for id, raw in found.places.items() if id in index}
    after: dict[int, list[Cell]] = {}
    last, count = -1, 0
    for raw in found.cells:
        last = max(last, place.get(raw.number, -1))
        if raw.number not in found.taken and raw.code and raw.source.strip():
            count += 1
            after.setdefault(last, []).append(Cell(f"added-{count}", raw.source))
    return after
