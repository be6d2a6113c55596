"""Who grades: a supervisor (crew) and its worker processes (grader), on one machine or on several that share a store.

plan     what a worker is told, and a unit's tests as they are now
bench    opened tests, warm boxes, the measuring of one submission
grader   the worker's process: claim, measure, store
crew     its supervisor
names    what a worker is called in the rows
replay   recorded answers judged again
"""
