# Two commands matter: `make demo` and `make test`. Both need python3 (3.10 or newer, with venv
# and pip) and nothing else; everything they install goes into .venv.

PYTHON ?= python3
ARGS   ?=
MINUTES ?= 2
SEED    ?= 0
SOURCE      ?= pg12
DESTINATION ?= pg15
STEPS       ?=
WORKERS ?= 2

BIN   := .venv/bin
STAMP := .venv/.installed
MORE  := .venv/.installed-more
LOCKS := requirements.lock requirements-build.lock

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up up-celery extras test nightly between nemesis load lint format docs bench bench-profile bench-modes bench-scaling screenshots lock audit chart clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## Run the demo on an embedded PostgreSQL and serve the Dagster UI (Ctrl-C ends it)
	@$(BIN)/pgsync-assets demo $(ARGS)

up: $(STAMP) ## Serve the Dagster UI with your own configuration
	@$(BIN)/pgsync-assets up $(ARGS)

up-celery: $(MORE) ## The same with runs on WORKERS=2 Celery workers; PGSYNC_BROKER=redis://.. names a Redis
	@$(BIN)/pgsync-assets up --workers $(WORKERS) $(ARGS)

extras: $(MORE) ## Install what is optional, too: dbt, Parquet, and the tools of the tests

test: $(MORE) ## Run the test suite against real servers (ARGS="-k name" for a part of it)
	@$(BIN)/python -m pytest $(ARGS)

nightly: $(MORE) ## Run what is too much for every change, and keep the results (STEPS="nemesis pairs")
	@$(BIN)/python tools/nightly.py $(STEPS)

between: $(MORE) ## Run the integration tests between two versions (SOURCE=pg12 DESTINATION=pg15)
	@PGSYNC_TEST_SOURCE=$(SOURCE) PGSYNC_TEST_DESTINATION=$(DESTINATION) \
		$(BIN)/python -m pytest pgsync_assets_tests/integration $(ARGS)

nemesis: $(MORE) ## Random faults in many syncs at once (MINUTES=60, and SEED=.. of an earlier one)
	@PGSYNC_TEST_NIGHTLY=1 PGSYNC_NEMESIS_MINUTES=$(MINUTES) PGSYNC_NEMESIS_SEED=$(SEED) \
		$(BIN)/python -m pytest -s pgsync_assets_tests/nemesis $(ARGS)

load: $(MORE) ## Much at once and for long, with figures (MINUTES=60 for the long run)
	@PGSYNC_TEST_NIGHTLY=1 PGSYNC_LOAD_MINUTES=$(MINUTES) \
		$(BIN)/python -m pytest -s pgsync_assets_tests/load $(ARGS)

lint: $(MORE) ## Check style, format, types and import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(MORE) ## Put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP) ## Write the pages of docs/ that are made from the code
	@$(BIN)/python tools/docs.py

bench: $(STAMP) ## Compare with psql | psql and with peers (ARGS="--rows 100000 --repeat 1 --peer none" for a quick look)
	@$(BIN)/python -m benchmarks --peer all --save $(ARGS)

bench-profile: $(STAMP) ## Where the time of a sync goes: client and both servers (ARGS="--engine standard")
	@$(BIN)/python -m benchmarks.profile $(ARGS)

bench-modes: $(STAMP) ## Measure every mode beside COPY, bad rows, and WAL (ARGS="--rows 50000 --repeat 1" for a quick look)
	@$(BIN)/python -m benchmarks.modes $(ARGS)

bench-scaling: $(STAMP) ## Measure points of the cost model and fit it again (ARGS="--table narrow --rows 1000000"); then make docs
	@$(BIN)/python -m benchmarks.scaling.measure $(ARGS)
	@$(BIN)/python -m benchmarks.scaling.fit

screenshots: $(MORE) ## Take the pictures of the README from a running demo (needs Chromium)
	@$(BIN)/python tools/screenshots.py $(ARGS)

lock: ## Resolve the dependencies again and write the lock files (needs uv)
	tools/lock

audit: ## Ask OSV for known vulnerabilities of what the lock files pin (needs uv and the internet)
	@tools/audit $(ARGS)

chart: $(MORE) ## Give deploy/values.yaml to Helm and Dagster's chart, and look at what comes out
	@$(BIN)/python tools/chart.py $(ARGS)

clean: ## Remove .venv and caches; the databases in .pgsync stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): $(LOCKS) pyproject.toml tools/install
	@tools/install "$(PYTHON)" .venv
	@touch $@

$(MORE): $(STAMP) requirements-dev.lock
	@tools/install "$(PYTHON)" .venv requirements-dev.lock
	@touch $@
