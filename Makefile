# Every target sets itself up: Python 3.11+ and the package registries are all it needs.
# The first of these on the PATH that is new enough: Debian 11's python3 is 3.9, so is macOS's own.
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
NEW_ENOUGH := 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for p in $(PYTHONS); do "$$p" -c $(NEW_ENOUGH) 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
ARCHIVE ?= ./demo-archive

.DEFAULT_GOAL := help
.PHONY: help setup demo test check test-wordpress bench lock clean

help:  ## what can be made here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s%s\n", $$1, $$2 }' Makefile

setup: .venv/.ready  ## the environment in .venv, from requirements.lock

.venv/.ready: requirements.lock pyproject.toml
	@"$(PYTHON)" -c $(NEW_ENOUGH) 2>/dev/null || { \
	  echo "morestories needs Python 3.11 or newer; tried here: $(or $(PYTHON),$(PYTHONS))"; \
	  echo "Install one (Debian 12 or newer: apt install python3-venv, macOS: brew install python, else: uv, pyenv),"; \
	  echo "or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.13"; exit 1; } >&2
	"$(PYTHON)" -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

demo: setup  ## crawl the bundled demo portal into ./demo-archive and look around
	@$(BIN)/python -m tests.portal_site.tour --archive "$(ARCHIVE)"

test: check  ## format, lint, types and every test that needs no root and no server
	$(BIN)/pytest

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test-wordpress: setup  ## crawl Debian's WordPress (needs root and apt) and compare with its database
	tests/wordpress/run

bench: setup  ## the measurements of docs/, as ratios in one run
	$(BIN)/python -m benchmarks

lock:  ## resolve requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --group dev --all-extras --no-header --no-annotate --no-emit-index-url --quiet -o requirements.lock

clean:  ## remove what make made
	rm -rf .venv demo-archive .pytest_cache .mypy_cache .ruff_cache
