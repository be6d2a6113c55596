# make demo and make test are all that a fresh Debian or Ubuntu needs.  scripts/setup.sh does the work and says what it does.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint attacks bench chaos stop clean

# More words for pytest:  make test PYTEST='-k softmax'
PYTEST ?=
# Other parts of the bench:  make bench BENCH='--only ours --only bare'
BENCH ?= $(addprefix --only ,nbgrader otter bare ours course)
# More words for the fault test:  make chaos CHAOS='--database sqlite --seed 123'
CHAOS ?=

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 14

setup: ## install everything (.venv, the box's environment, its Docker image)
	@scripts/setup.sh

demo: setup ## grade the sample submissions and show feedback and gradebook
	@.venv/bin/autograder demo

test: setup lint ## ruff, mypy, all tests; ends with what was not run, and why
	@.venv/bin/python -m pytest $(PYTEST)

lint: setup ## ruff and mypy
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

attacks: setup ## try every attack in every box, and on nbgrader; writes docs/attacks.md (a quarter of an hour)
	@rm -f .autograder/attacks.json
	@ATTACKS=all .venv/bin/python -m pytest tests/sandbox/test_attacks.py -k "not docs_list"
	@.venv/bin/python scripts/attack_table.py --nbgrader

bench: setup ## measure the speed of grading, beside nbgrader, Otter and the bare limit (half an hour; Otter takes 570 MB)
	@.venv/bin/python tests/speed/bench.py $(BENCH)

chaos: setup ## kill everything at random while it grades: 300 kills, 2000 submissions, on SQLite and PostgreSQL (half an hour)
	@.venv/bin/python tests/chaos/chaos.py $(CHAOS)

stop: ## end the Docker engine that setup started
	@scripts/engine.sh stop

clean: ## remove what setup and the builds made; grades (.autograder/) stay
	@if [ -x .venv/bin/python ]; then .venv/bin/python scripts/box.py remove .autograder || true; fi
	@scripts/engine.sh remove
	@rm -rf .venv .autograder/box .autograder/otter release build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis autograder.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
