"""Formats of other programs: what they read, and what they must not lose.

work        a student's attempt at a unit, as every format gets it
gradebook   opening nbgrader's gradebook: one transaction, or one line that says why not
nbgrader    its rows: assignments, cells, students, submissions, scores, comments
formgrader  the course folder around that gradebook, so that nbgrader's formgrader lists and opens everything
"""
