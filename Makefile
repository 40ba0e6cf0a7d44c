# The tasks of this project. Nothing here is needed for `python3 run.py demo` and `python3 run.py test`.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test long hours crash mining check format lint types imports deps manual commands catalogues wheel bench others ci changelog clean

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## prepare .venv with everything a developer needs
	@$(PYTHON) run.py setup

demo: ## play a day at the desk
	@$(PYTHON) run.py demo

test: ## run the tests, as CI does
	@$(PYTHON) run.py test

long: ## run the tests with their long forms
	@CASEWRIGHT_LONG=1 $(PYTHON) run.py test

hours: setup ## run the tests as if at other hours of other days: before midnight, at the year's end (tests/hours.py)
	@$(BIN)/python -m tests.hours

crash: setup ## kill, stop, cut and spoil on both databases for some ten minutes; ends with a table of what was tried (tests/crash/)
	@CASEWRIGHT_LONG=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal -rP tests/crash

mining: setup ## read the exports with pm4py and rustxes, each in an environment of its own (half a gigabyte)
	@$(PYTHON) -m venv build/mining && build/mining/bin/pip install -q 'pm4py>=2.7,<3'
	@$(PYTHON) -m venv build/rustxes && build/rustxes/bin/pip install -q 'rustxes>=0.2,<1'
	@PM4PY_PYTHON=$(CURDIR)/build/mining/bin/python RUSTXES_PYTHON=$(CURDIR)/build/rustxes/bin/python \
		$(BIN)/python -m pytest -q tests/app/test_exporting.py -k "pm4py or rustxes"

check: lint types imports deps ## run every check that takes seconds: lint, types, imports, dependencies, budgets
	@$(BIN)/python -m pytest -q tests/test_shape.py tests/test_readme.py

format: setup ## put the code into the one format
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

lint: setup ## look for mistakes and other formats
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup ## check the types, strictly
	@$(BIN)/mypy

imports: setup ## check who imports whom
	@$(BIN)/lint-imports

deps: setup ## check that the dependencies named are those used
	@$(BIN)/deptry engine

manual: setup ## print the outputs in README and docs anew
	@$(BIN)/python -m tests.docs

commands: setup ## write docs/reference/cli.md from the commands
	@$(BIN)/python -m tests.cli.manual

catalogues: setup ## take new messages into the translators' catalogues, and compile those
	@$(BIN)/python -m tests.cli.catalogues

wheel: setup ## build wheel and sdist into dist/
	@$(BIN)/python -m build

bench: setup ## measure against the raw driver (benchmarks/)
	@$(BIN)/python -m benchmarks.run

others: setup ## the same case with other engines, each in an environment of its own (build/others, half a gigabyte)
	@$(BIN)/python -m benchmarks.others

ci: ## everything CI does, in a fresh clone
	@bash .ci/run

changelog: ## collect changes/ into CHANGELOG.md: make changelog VERSION=1.2.3
	@test -n "$(VERSION)" || { echo "say which version: make changelog VERSION=1.2.3"; exit 2; }
	@$(PYTHON) -m venv build/release && build/release/bin/pip install -q 'towncrier>=24.8'
	@build/release/bin/towncrier build --yes --version "$(VERSION)"

clean: ## remove .venv, caches and what was built
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
