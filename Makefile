# The commands of the project. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
READY := $(VENV)/.ready
WEB := emo_assets/studio/web
WEB_READY := $(WEB)/node_modules/.ready
PAGE := emo_assets/studio/pages/index.html

# `make dev`, `make demo` and the `dagster` commands of the README share one Dagster instance.
export DAGSTER_HOME := $(CURDIR)/data/dagster_home
# The services of `dagster dev` reject a workspace while this variable is set.
unexport DAGSTER_MODULE_NAME

.DEFAULT_GOAL := help
.PHONY: help setup system demo test web-test dev studio page wheel bench ear weights

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: system $(READY) ## create the virtual environment and install all dependencies

system:
	@./.ci/system-packages

$(RUNS): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(READY): $(RUNS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: system $(RUNS) ## run the whole graph on a composed sample: raw data, models, songs
	@$(BIN)/python -m emo_assets.demo

test: setup page web-test ## lint, types, import contracts, tests
	@./.ci/browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 -m "not browser"
	$(BIN)/pytest -n 2 -m browser

dev: setup ## Dagster's UI on the same instance, at http://127.0.0.1:3000
	@# Web server and daemon would create the tables of a new instance at the same time, and fail.
	@$(BIN)/dagster instance migrate > $(DAGSTER_HOME)/migration.log 2>&1 || cat $(DAGSTER_HOME)/migration.log
	@# If the clock was set back, sensors would sleep until it has passed their last tick.
	@$(BIN)/python -c 'from emo_assets.pipeline.instance import checkout_instance as open; open().dispose()'
	$(BIN)/dagster dev

$(WEB_READY): $(WEB)/package-lock.json | $(READY)
	@cd $(WEB) && $(CURDIR)/.ci/with-node npm ci --silent
	@touch $@

$(PAGE): $(WEB_READY) $(shell find $(WEB) -path $(WEB)/node_modules -prune -o -type f -print)
	@cd $(WEB) && $(CURDIR)/.ci/with-node npm run --silent build -- --logLevel warn

page: $(PAGE) ## build the studio's page if its source has changed

web-test: $(WEB_READY) ## lint, types and tests of the studio's page
	@cd $(WEB) && $(CURDIR)/.ci/with-node npm run --silent check

studio: setup page ## the studio, at http://127.0.0.1:8000: make a song from a feeling
	@$(BIN)/emo studio --browser

wheel: setup page ## a wheel in dist/, with the studio's page in it
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

bench: setup ## measure speed and memory; `make bench ONLY="reading linking"` for some
	@$(BIN)/python -m emo_assets_tests.benchmarks $(ONLY)

WEIGHTS_SONGS := 2400
WEIGHTS_SEED := 1001

ear: setup ## learn anew the ear that ships with the package, from a store of real songs: make ear STORE=data
	@$(BIN)/python -m emo_assets.bundle_ear $(or $(STORE),data)

weights: setup ## retrain the small FIGARO that ships with the package: about half an hour on one core
	@mkdir -p data/weights
	@$(BIN)/python -m emo_assets.bundle_weights --songs $(WEIGHTS_SONGS) --seed $(WEIGHTS_SEED) \
		--state data/weights/training.safetensors
