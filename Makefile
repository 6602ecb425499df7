# Everything is done from here. A machine needs Python 3.11+ and make; each target makes the environment it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 2

.PHONY: help demo test install check fmt bench fuzz soak audit clean docs scoreboard

help:            ## what can be made
	@grep -hE '^[a-z]+: .*##|^[a-z]+:  *##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ringfence needs Python 3.11 or newer: set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

install: $(READY) ## the environment in .venv, with what development needs

demo: $(READY)    ## the main job on an embedded default: a service's logs, kept clean
	$(BIN)/ringfence demo --once

check: $(READY)   ## format, lint, types, import contracts, dependencies, dead code, file length
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry src
	$(BIN)/vulture
	$(BIN)/python tools/check_length.py
	$(BIN)/python tools/check_compares.py

test: check       ## make check, then every test
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

soak: $(READY)    ## the whole of the large acceptance counts
	$(BIN)/python -m pytest -n $(JOBS) -m soak --timeout 3600

fuzz: $(READY)    ## a long run of every fuzz target (RUNS per target)
	$(BIN)/python -m fuzz --runs $(or $(RUNS),200000)

bench: $(READY)   ## every benchmark, as one table
	$(BIN)/python -m benchmarks

scoreboard: $(READY) ## recognition beside Presidio, on every corpus; writes docs/scoreboard.md
	$(BIN)/python -m benchmarks.scoreboard

docs: $(READY)    ## write the generated pages anew
	$(BIN)/python tools/write_docs.py

fmt: $(READY)     ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

audit: $(READY)   ## known vulnerabilities in the dependencies; needs a network
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '.[audit]'
	$(BIN)/pip-audit --skip-editable

clean:           ## everything that these targets made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
