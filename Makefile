PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-any-hour outside check sbom audit dev bench faults faults-full docs links lock

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
# waiting, so there are more processes than cores. Each of them and each command they run imports the same modules:
# compiled once, whatever the environment says of bytecode, they cost a third less.
test test-any-hour: export PYTHONDONTWRITEBYTECODE =
test: setup ## all tests, six at once
	$(BIN)/python -m pytest -n 6 --dist loadfile --no-loadscope-reorder $(ARGS)

AT ?= 2026-10-25T00:30Z
test-any-hour: setup ## all tests as if it were another time (AT=2026-11-30T23:30Z; needs root)
	$(BIN)/python -m tests.another_time $(AT) -- $(ARGS)

outside: setup ## what the world outside does: foreign documents, settings, replies, logs, texts (ARGS=--json)
	$(BIN)/python -m tests.outside $(ARGS)

check: setup ## lint, format, types, layers, generated files, licences, images, Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(BIN)/python deploy/supply.py check
	$(BIN)/hadolint Dockerfile

sbom: setup ## write dist/relance-VERSION.cdx.json: what a worker is made of, with hashes and licences (CycloneDX)
	$(BIN)/python deploy/supply.py sbom dist/relance-$$($(BIN)/python -c 'import relance; print(relance.__version__)').cdx.json

audit: setup ## ask for known vulnerabilities of the packages in the lock (needs the service of pip-audit)
	$(BIN)/pip-audit --require-hashes --disable-pip --strict --requirement requirements-worker.lock

dev: setup ## the embedded stack and a worker, until Ctrl-C
	$(BIN)/python starter.py dev $(ARGS)

bench: setup ## all benchmarks, one after the other: hours (ARGS='--only wave --scale 0.5' for less)
	$(BIN)/python -m benchmarks $(ARGS)

faults: setup ## break everything on purpose and check that nothing is lost (ARGS='--only smtp-stages' for some of it)
	$(BIN)/python -m tests.faults all $(ARGS)

faults-full: setup ## the same at the sizes of a release: hours
	$(BIN)/python -m tests.faults all --full $(ARGS)

docs: setup ## write the generated files of docs/ and .env.example, then the manual as a site: build/manual
	$(BIN)/python docs/generate.py
	$(BIN)/sphinx-build --quiet --fail-on-warning --nitpicky --builder html docs build/manual

links: setup ## ask every address in the manual whether it is still there (needs the network)
	$(BIN)/sphinx-build --quiet --builder linkcheck docs build/links

# The second file is what a worker needs to run, at the versions of the first: for the container image.
COMPILE := --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet
LOCK := $(BIN)/uv pip compile pyproject.toml $(COMPILE)
PEERS_LOCK := $(BIN)/uv pip compile benchmarks/peers/requirements.in $(COMPILE)
lock: setup ## write the lock files anew from pyproject.toml (ARGS=--upgrade for newer versions)
	$(LOCK) $(ARGS) --extra dev-stack --group dev --output-file requirements.lock
	$(LOCK) --constraint requirements.lock --output-file requirements-worker.lock
	$(PEERS_LOCK) $(ARGS) --output-file benchmarks/peers/requirements.lock
