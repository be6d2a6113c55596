"""The course's right answers: textbook formulas in numpy, with the letters of the lectures.

Solutions of the notebooks are taken from here, hidden tests compare with it, quizzes compute with it. It imports
nothing of the grader, and every function is proven against an independent witness in tests/reference.
"""
