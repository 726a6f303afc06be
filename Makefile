# What people type. `make help` lists it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
READY := $(VENV)/.ready
WEB := emo_assets/studio/web
WEB_READY := $(WEB)/node_modules/.ready
PAGE := emo_assets/studio/pages/index.html

# One Dagster instance for `make dev`, `make demo` and the `dagster` commands of the README.
export DAGSTER_HOME := $(CURDIR)/data/dagster_home
# with it, the services of `dagster dev` refuse the workspace that they are given
unexport DAGSTER_MODULE_NAME

.DEFAULT_GOAL := help
.PHONY: help setup system demo test web-test dev studio page wheel bench weights

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: system $(READY) ## make the virtual environment, with all that it needs

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

test: setup page web-test ## lint, types, the rules of the house, tests
	@./.ci/browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 -m "not browser"
	$(BIN)/pytest -n 2 -m browser

dev: setup ## Dagster's UI on the same instance, at http://127.0.0.1:3000
	@# web server and daemon would both lay out the tables of a new instance, and fall over each other
	@$(BIN)/dagster instance migrate > $(DAGSTER_HOME)/migration.log 2>&1 || cat $(DAGSTER_HOME)/migration.log
	$(BIN)/dagster dev

$(WEB_READY): $(WEB)/package-lock.json | $(READY)
	@cd $(WEB) && $(CURDIR)/.ci/with-node npm ci --silent
	@touch $@

$(PAGE): $(WEB_READY) $(shell find $(WEB) -path $(WEB)/node_modules -prune -o -type f -print)
	@cd $(WEB) && $(CURDIR)/.ci/with-node npm run --silent build -- --logLevel warn

page: $(PAGE) ## build the studio's page, where its source has changed

web-test: $(WEB_READY) ## lint, types and tests of the studio's page
	@cd $(WEB) && $(CURDIR)/.ci/with-node npm run --silent check

studio: setup page ## the studio, at http://127.0.0.1:8000: make a song from a feeling
	@$(BIN)/emo studio --browser

wheel: setup page ## a wheel in dist/, with the studio's page in it
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

bench: setup ## measure speed and memory; `make bench ONLY="reading linking"` for some
	@$(BIN)/python -m emo_assets_tests.benchmarks $(ONLY)

WEIGHTS_SONGS := 3000
WEIGHTS_SEED := 1001

weights: setup ## train the small FIGARO that ships with the package anew: about 45 minutes of a core
	@$(BIN)/emo compose data/weights/corpus --songs $(WEIGHTS_SONGS) --seed $(WEIGHTS_SEED)
	@$(BIN)/python -m emo_assets.bundle_weights data/weights/corpus --songs $(WEIGHTS_SONGS) \
		--seed $(WEIGHTS_SEED) --state data/weights/training.safetensors
