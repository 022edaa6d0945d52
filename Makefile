# `make backtest` and `make test` need git, make and python3 (3.11 or later, with venv); the rest installs itself.
PYTHON ?= python3
BIN := .venv/bin
DATA ?= sample

.PHONY: backtest test lint bench bench-grid validate clean
.DELETE_ON_ERROR:

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

backtest: .venv/ready
ifeq ($(DATA),yahoo)
	$(BIN)/python -m backtests.fetch || [ $$? -eq 1 ]  # 1: some names are missing; go on with what is stored
endif
	$(BIN)/python -m backtests.run --data $(DATA) $(ARGS)

test: .venv/ready lint
	$(BIN)/python -m pytest -n 3 --dist loadscope  # many wait for a browser or a clock

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/ready
	$(BIN)/python -m pytest -p no:xdist -o addopts= -q -s --benchmark-only --benchmark-columns=min,median,rounds
	$(BIN)/python -m tests.bench_job

bench-grid: .venv/ready
	$(BIN)/python -m tests.bench_grid

validate: .venv/ready
	$(BIN)/python -m pytest -m slow -n 2 -s

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
