# What people type. `make help` lists it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# One Dagster instance for `make dev`, `make demo` and the `dagster` commands of the README.
export DAGSTER_HOME := $(CURDIR)/data/dagster_home
export DAGSTER_MODULE_NAME := emo_assets.definitions

.DEFAULT_GOAL := help
.PHONY: help setup system demo test dev studio bench weights

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: system $(READY) ## make the virtual environment, with all that it needs

system:
	@./.ci/system-packages

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup ## run the whole graph on a composed sample: raw data, models, songs
	@$(BIN)/python -m emo_assets.demo

test: setup ## lint, types, the rules of the house, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

dev: setup ## Dagster's UI on the same instance, at http://127.0.0.1:3000
	$(BIN)/dagster dev

bench: setup ## measure speed and memory; `make bench ONLY="reading linking"` for some
	@$(BIN)/python -m emo_assets_tests.benchmarks $(ONLY)
