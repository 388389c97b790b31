# make demo, make test: each does its own set-up, on a fresh machine with Debian, Python 3.10 or newer and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed

.PHONY: demo test lint types contracts catalogues suite explore journeys wheel bench clean help

help:            ## What there is
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(STAMP)   ## A web shop with faults, three tenants, three languages, and the messages as Slack would show them
	@$(BIN)/otel-alerting demo --html demo-out/messages.html

test: lint types contracts catalogues suite journeys wheel   ## Everything that CI checks

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports --no-cache

catalogues: $(STAMP)
	$(BIN)/python -m otel_alerting.render.catalogues check

suite: $(STAMP)  ## The tests, on this interpreter
	$(BIN)/python -m pytest -q -n auto

explore: $(STAMP)  ## The properties, with examples that nobody has tried yet
	HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -q -n auto -m "not process"

journeys: $(STAMP)   ## The journeys, on every other interpreter of this machine
	$(BIN)/python tests/interpreters.py

wheel: $(STAMP)  ## Build the wheel, install it in an empty environment, run one journey there
	$(BIN)/python tests/wheel.py

bench: $(STAMP)  ## What it costs, beside what else one could use
	$(BIN)/python tests/bench/handlers.py
	$(BIN)/python tests/bench/journey.py

$(STAMP): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is missing: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "make: Python 3.10 or newer is needed, found $$($(PYTHON) -V); say make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "make: the venv module is incomplete: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "make: installing into $(VENV) (once; about a minute)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[test]'
	@touch $@

clean:           ## Remove what make made
	rm -rf $(VENV) .venv-* build dist demo-out *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
