PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-any-hour outside check dev bench faults faults-full docs lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready ## make .venv with everything in it, at the locked versions

# pip checks every file against its hash; the project itself is linked, not copied, and built with the locked hatchling.
.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Relance needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## one month on the embedded stack, start to end, then the report (KEEP=1 leaves it running)
	$(BIN)/python starter.py demo $(ARGS)

# A file stays with one process, which has servers of its own: what a module shares is set up once. Most of a test is
# waiting, so there are more processes than cores.
test: setup ## all tests, six at once
	$(BIN)/python -m pytest -n 6 --dist loadfile --no-loadscope-reorder $(ARGS)

AT ?= 2026-10-25T00:30Z
test-any-hour: setup ## all tests as if it were another time (AT=2026-11-30T23:30Z; needs root)
	$(BIN)/python -m tests.another_time $(AT) -- $(ARGS)

outside: setup ## what the world outside does: foreign documents, settings, replies, logs, texts (ARGS=--json)
	$(BIN)/python -m tests.outside $(ARGS)

check: setup ## lint, format, types, layers, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

dev: setup ## the embedded stack and a worker, until Ctrl-C
	$(BIN)/python starter.py dev $(ARGS)

bench: setup ## all benchmarks, one after the other: hours (ARGS='--only wave --scale 0.5' for less)
	$(BIN)/python -m benchmarks $(ARGS)

faults: setup ## break everything on purpose and check that nothing is lost (ARGS='--only smtp-stages' for some of it)
	$(BIN)/python -m tests.faults all $(ARGS)

faults-full: setup ## the same at the sizes of a release: hours
	$(BIN)/python -m tests.faults all --full $(ARGS)

docs: setup ## write the generated files of docs/ and .env.example
	$(BIN)/python docs/generate.py

# The second file is what a worker needs to run, at the versions of the first: for the container image.
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet
lock: setup ## write the lock files anew from pyproject.toml (ARGS=--upgrade for newer versions)
	$(LOCK) $(ARGS) --extra dev-stack --group dev --output-file requirements.lock
	$(LOCK) --constraint requirements.lock --output-file requirements-worker.lock
