# `make demo` and `make test` need Python 3.11+, make and git only; everything else goes into .venv.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# One worker more than there are cores: some tests wait, such as for a platform that is away for half a minute.
WORKERS := $(shell echo $$(($$(nproc 2>/dev/null || echo 2) + 1)))

.PHONY: help demo test thorough lint types format bench clean

help:
	@echo "make demo    install, and show the whole pipeline on sample news; with CHAT=1 on a local Slack and Discord"
	@echo "make test    install, and run the tests"
	@echo "make thorough   the same with ten times the examples for properties, others each time"
	@echo "make lint    ruff;  make types   mypy;  make format   ruff format"
	@echo "make bench   the benchmarks at small sizes"

$(VENV)/.installed: pyproject.toml constraints.txt scripts/install.sh
	scripts/install.sh $(VENV) editable
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	scripts/install.sh $(VENV) editable dev
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/wirewatch demo$(if $(CHAT), --chat)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

thorough: export WIREWATCH_TEST_EXAMPLES := 4
thorough: test

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python bench/match.py
	$(BIN)/python bench/poll.py

clean:
	rm -rf $(VENV) build dist *.egg-info
