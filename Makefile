# What people type. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME := $(CURDIR)/data/dagster_home
export DAGSTER_MODULE_NAME := emo_assets.definitions
