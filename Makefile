# The targets that people and CI call. Everything is installed below this folder: .venv and .tools.
# `make test` needs Python >= 3.11 and Go; as root on Debian it installs nginx and wrk, elsewhere have them on PATH.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export PATH := $(CURDIR)/.tools/bin:$(PATH)

.PHONY: demo test lint unit tools bench golden docs clean

demo: $(VENV)/installed ## see a regression found, in about a minute
	$(BIN)/smp-check demo

test: $(VENV)/test tools lint unit ## install all that the tests need, then run them all

lint: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(VENV)/test
	$(BIN)/python -m pytest

tools: ## the real load generators and servers that the tests drive
	sh tests/install-tools.sh

bench: $(VENV)/test tools ## every table of benchmarks/, side by side on this machine
	$(BIN)/python -m benchmarks

docs: $(VENV)/installed ## the command reference, from the commands' own help
	$(BIN)/python docs/build.py

golden: $(VENV)/test ## write the expected reports anew; read the difference before you commit it
	$(BIN)/python -m tests.report.golden_files

clean:
	rm -rf $(VENV) .tools build *.egg-info

$(VENV)/python:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/installed: $(VENV)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/test: $(VENV)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@ $(VENV)/installed
