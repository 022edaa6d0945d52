# `make backtest` and `make test` need git, make and python3 (3.11 or later, with venv); the rest installs itself.
PYTHON ?= python3
BIN := .venv/bin
DATA ?= sample
ESLINT := eslint@9.39.1
AT_ONCE := -n 3 --dist loadscope --no-loadscope-reorder  # three on two cores: they wait for processes, browsers and disks

# What the tests run as machine code, compiled once and kept, before several processes would each do so: ledger and search,
# and, after lint, which is half as long, the rest. These tests need not run again beside the others.
LEDGERS := tests/search/test_run.py tests/runs/test_capacity.py tests/analysis/test_resampled_tops.py
OTHERS := tests/scenarios/test_path_lanes.py tests/strategy/test_limits.py tests/event_studies/test_synthetic_control.py

# What is compiled, as plain Python: the tests of it whose markets are small enough for that.
CONTROL := tests/event_studies/test_synthetic_control.py
PLAIN := tests/simulation/test_rebalance.py tests/simulation/test_ledger_laws.py tests/simulation/test_frozen.py tests/simulation/test_capital.py \
	tests/strategy/test_limits.py tests/strategy/test_row_features.py tests/events/test_event.py \
	tests/analysis/test_resampled_tops.py tests/analysis/test_winners_of_halves.py tests/scenarios/test_path_lanes.py \
	tests/search/test_run.py::test_figures_of_accounts_of_any_length \
	tests/search/test_run.py::test_nav_of_a_lane_has_the_bits_of_the_ledger \
	$(CONTROL)::test_weights_by_hand_and_on_the_edges \
	$(CONTROL)::test_gaps_are_returns_less_donors_and_weights_look_at_quiet_days_alone

# Where it is set, each of the hundreds of processes of the tests would translate all source anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help backtest test lint lint-js compile-ledgers compile-others docs tour bench bench-grid bench-peers validate axe mutate coverage test-wheel test-oldest clean
.DELETE_ON_ERROR:

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*  ## /\1\t/' | expand -t 14

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m compileall -qq -j 0 -x '/tests/' .venv/lib || true  # on all cores; pip does it on one, tests and all
	touch $@

.venv/coverage: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[coverage]'
	touch $@

backtest: .venv/ready  ## tearsheets of the listed strategies in reports/ (DATA=sample, folder:DIR or yahoo; ARGS=...)
ifeq ($(DATA),yahoo)
	$(BIN)/python -m backtests.fetch || [ $$? -eq 1 ]  # 1: some names are missing; go on with what is stored
endif
	$(BIN)/python -m backtests.run --data $(DATA) $(ARGS)

test: .venv/ready  ## all that a change must pass
	+$(MAKE) --no-print-directory --jobs 2 compile-ledgers lint compile-others
	$(BIN)/python -m pytest $(AT_ONCE) $(addprefix --ignore=,$(LEDGERS) $(OTHERS))

compile-ledgers: .venv/ready
	$(BIN)/python -m pytest -p no:xdist -x $(LEDGERS)

compile-others: .venv/ready
	$(BIN)/python -m pytest -p no:xdist -x $(OTHERS)

lint: .venv/ready  ## formatter, linter, types, floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-js:  ## the scripts of the pages, by ESLint; needs node and npm
	npx --yes $(ESLINT) --max-warnings 0 positioning/reporting

docs: .venv/ready  ## the site in build/site, its reference made from the code
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/tour.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

tour: .venv/ready  ## what the documents show, made anew: outputs, the notebook, times, pictures, claims
	$(BIN)/python docs/console.py
	$(BIN)/python docs/tour.py
	$(BIN)/python docs/times.py
	$(BIN)/python docs/screenshots.py
	$(BIN)/positioning claims --markdown docs/claims.md --out build/claims --quiet

bench: .venv/ready  ## times of the parts and of the main job
	$(BIN)/python -m pytest -p no:xdist -o addopts= -q -s benchmarks --benchmark-only --benchmark-columns=min,median,rounds
	$(BIN)/python -m benchmarks.bench_job

bench-grid: .venv/ready  ## the search beside vectorbt
	$(BIN)/python -m benchmarks.bench_grid

bench-peers: .venv/ready  ## the same portfolio in other engines, and growth; writes docs/performance.md
	$(BIN)/python -m benchmarks.bench_peers --full

validate: .venv/ready  ## the long validation, docs/validation.md (PARTS="spa load" for some)
	$(BIN)/python docs/validate.py $(PARTS)

axe: .venv/ready  ## accessibility of every kind of page, by axe-core (needs npm and Chromium)
	npm install --silent --no-save --prefix build/axe axe-core@4.14.1
	$(BIN)/python docs/accessibility.py build/axe/node_modules/axe-core/axe.min.js

mutate: .venv/coverage  ## changes of the code that makes numbers: do the tests notice? (ARGS="fees --sample 60")
	$(BIN)/python docs/mutate.py $(ARGS); status=$$?; $(BIN)/python docs/validate.py --page; exit $$status

coverage: .venv/coverage  ## lines and branches of the engine that the tests run; fails below 95 %
	rm -rf build/coverage
	$(BIN)/python -m pytest $(AT_ONCE) --cov --cov-report= --cov-fail-under=0
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -p no:xdist -W ignore::RuntimeWarning --cov --cov-append --cov-report= \
		--cov-fail-under=0 $(PLAIN)
	$(BIN)/coverage json --quiet --fail-under=0 -o build/coverage.json
	$(BIN)/python docs/validate.py --coverage build/coverage.json
	$(BIN)/coverage report --skip-covered

test-wheel: .venv/ready  ## the wheel alone, in an empty environment and folder
	rm -rf build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt build/wheel/positioning-*.whl
	cd build/wheel && venv/bin/python -c "import positioning; print(positioning.__version__)" \
		&& venv/bin/positioning init workshop && cd workshop && ../venv/bin/positioning run
	cp -r docs/theses/red_sea build/wheel/red_sea
	cd build/wheel && for asked in "events" "run red_sea/red_sea.py" "check red_sea/red_sea.py" \
		"event-study red_sea/red_sea.py" "grid-search red_sea/red_sea.py --grid half_life=5,10,20,40" \
		"stress red_sea/red_sea.py --paths 2000"; do \
		venv/bin/positioning $$asked --thesis red_sea || exit 1; done

test-oldest:  ## the tests on the oldest versions that pyproject.toml admits
	rm -rf build/oldest
	$(PYTHON) -m venv build/oldest
	build/oldest/bin/python -m pip install --quiet --disable-pip-version-check uv
	build/oldest/bin/uv pip compile --quiet --resolution lowest-direct --extra dev pyproject.toml \
		--output-file build/oldest/constraints.txt
	build/oldest/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint build/oldest/constraints.txt --editable '.[dev]'
	build/oldest/bin/python -m pytest $(AT_ONCE)

clean:  ## forget the environment and what tools have left
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
