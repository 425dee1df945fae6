# Needs Python 3.11 or 3.12 and make; each target brings the rest.
# ARGS goes to the program: make demo ARGS="--transactions 1000 --exit"

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test test-handbook lint bench lambda-local build-Readings up debian

fits = import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	$$p -c '$(fits)' 2>/dev/null && { echo $$p; break; }; done)
READY := .venv/ready
# The Fraud Detection Handbook's payments, where they lie beside the project.
HANDBOOK := $(patsubst %,--replay % --map handbook,$(wildcard ../shared/data/handbook/transactions.parquet))

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# Recordings of real phones, where they lie beside the project.
RECORDINGS := $(patsubst %,--recording %,$(wildcard ../shared/data/sensor-logger/*))

demo: $(READY) ## Start a bank, watch it, and print where to look
	@.venv/bin/smartbank demo $(RECORDINGS) $(ARGS)

test: $(READY) debian ## Run every test, two files at once, with coverage
	@.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder \
		--cov --cov-report term-missing:skip-covered $(ARGS)

test-handbook: $(READY) ## Check decisions and features against the Handbook's data
	@.venv/bin/python -m pytest -m handbook -v $(ARGS)

lint: $(READY) ## Check style, format and types
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

bench: $(READY) ## Measure speed, latency, memory and recovery; one JSON line a figure
	@.venv/bin/smartbank bench $(HANDBOOK) $(ARGS)

lambda-local: $(READY) ## Run the Lambda handler on recorded IoT events
	@SMARTBANK_READINGS_KEYS=$${SMARTBANK_READINGS_KEYS:-example:$$(printf "%064d" 0)} .venv/bin/python -m agents.aws_lambda docker/aws/events/*.json

# What `sam build` calls for the function of docker/aws/template.yaml.
build-Readings:
	python3 -m pip install --quiet --requirement docker/aws/requirements.txt --target "$(ARTIFACTS_DIR)" \
		--platform manylinux2014_aarch64 --python-version 3.11 --only-binary=:all:
	cp -r app agents "$(ARTIFACTS_DIR)"

up: ## Start the real stack in containers (needs docker)
	docker compose --file docker/compose.yaml up --build $(ARGS)

# What the lock names, checked by hash, and the project itself.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "got no Python 3.11 or 3.12; install one, or set PYTHON=/path/to/it"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "on Debian: apt-get install python3-venv"; exit 1; }
	@echo "installing what requirements.lock names (a few minutes the first time)"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Servers and a browser for the tests; without them those tests skip and say so.
debian:
	@.ci/packages
