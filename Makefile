# Two commands: `make demo` shows what shoal does, `make test` tests it. Everything goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint docs agreement clean
.DELETE_ON_ERROR:

demo: .venv/installed
	$(BIN)/shoal compare mnist1d --budget 60s

# Two processes with one thread each: two busy processes with two threads each would fight for the cores.
test: .venv/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist worksteal

lint: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m shoal.cli.docs --check

# Writes the generated pages, docs/catalogue.md and docs/cli.md.
docs: .venv/installed
	$(BIN)/python -m shoal.cli.docs

# Writes docs/agreement.md: how far each technique is off its witnesses. `make test` fails where it is stale.
agreement: .venv/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 tests/techniques --agreement docs/agreement.md

clean:
	rm -rf .venv

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "shoal needs Python 3.11 or newer, and $(PYTHON) is not: name another one with 'make PYTHON=/path/to/python3.11 …'" >&2; exit 1; }
	$(PYTHON) -m venv .venv

# Installed again only when what it was installed from has changed.
.venv/installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable .
	@touch $@

.venv/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[dev]'
	@touch $@ .venv/installed
