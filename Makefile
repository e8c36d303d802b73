# What there is to make; `make` lists it. Python packages go into .venv, in the versions of constraints.txt.
#
#   PYTHON=python3.12          another Python than the first that fits of the list below
#   ARGS="--log-level debug"   arguments of `octopus run`

PYTHON ?= python3.11 python3 /usr/bin/python3 python3.12 python3.13
ARGS ?=

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.ONESHELL:
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help run check test docs clean lint debian

BIN := .venv/bin
HOME_ASSISTANT := .venv-home-assistant
NEWER_PYTHON := $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python3.13) $(shell command -v python3.13))
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable
HOME_ASSISTANT_TESTS := tests/contract/test_adapter.py tests/contract/test_home_assistant.py tests/contract/test_import.py tests/e2e/test_home_assistant.py
PINNED := setup.cfg pyproject.toml constraints.txt

help:  ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

run: debian .venv/run.stamp  ## the hub; a demo house unless there is a configuration. Installs what is missing
	@$(BIN)/octopus model build
	exec $(BIN)/octopus run $(ARGS)

check: lint  ## format, types, layers and unit tests, in under a minute; no root, no servers
	@$(BIN)/pytest tests/unit

test: debian lint .venv/test.stamp $(HOME_ASSISTANT)/stamp $(HOME_ASSISTANT)-2025/stamp  ## all tests. Installs what is missing: torch, mosquitto, Home Assistant
	@$(BIN)/octopus model build
	$(BIN)/pytest
	newer=$(CURDIR)/$(HOME_ASSISTANT)-2025/bin/python
	if test -x "$$newer"; then HOME_ASSISTANT_PYTHON="$$newer" $(BIN)/pytest $(HOME_ASSISTANT_TESTS); fi

docs: .venv/dev.stamp  ## the generated pages of docs/
	@$(BIN)/python -m octopus_hub.daemon.function_docs > docs/functions.md

clean:  ## remove what was made here; the hub's state and model stay
	@rm -rf .venv $(HOME_ASSISTANT) $(HOME_ASSISTANT)-2025 build *.egg-info .*_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

lint: .venv/dev.stamp
	@set -x
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .typing/octopus_hub tests
	$(BIN)/lint-imports

# Python packages. A stamp stands for extras that are installed as setup.cfg and constraints.txt have them.

.venv/run.stamp: $(PINNED) | $(BIN)/python
	@echo 'Installing the hub into .venv ...'
	$(INSTALL) '.[homeassistant]'
	touch $@

.venv/dev.stamp: $(PINNED) | $(BIN)/python
	@echo 'Installing the hub and what it is checked with into .venv ...'
	$(INSTALL) '.[dev,homeassistant]' setuptools
	touch $@

.venv/test.stamp: $(PINNED) | $(BIN)/python
	@echo 'Installing what models are made with into .venv; torch takes some minutes ...'
	$(INSTALL) '.[dev,homeassistant,train,transformers]' setuptools
	touch $@

# Home Assistant for the tests, in venvs of its own: its packages are not the hub's. Without dependencies, which are listed. The
# newer version needs Python 3.13, and is left out where there is none.

$(HOME_ASSISTANT)/stamp: tests/home_assistant/requirements-2024.3.txt | $(BIN)/python
	@echo 'Installing a Home Assistant for the tests into $(@D) ...'
	$(BIN)/python -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	touch $@

$(HOME_ASSISTANT)-2025/stamp: tests/home_assistant/requirements-2025.4.txt
	@if ! "$(NEWER_PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then echo 'No Python 3.13: no tests with the newer Home Assistant'; exit; fi
	echo 'Installing a newer Home Assistant for the tests into $(@D) ...'
	"$(NEWER_PYTHON)" -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	touch $@

python_fits = $(1) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null

$(BIN)/python:
	@for python in $(PYTHON); do
	    if $(call python_fits,"$$python"); then exec "$$python" -m venv .venv; fi
	done
	echo 'Python 3.11 or newer with venv is needed, and none of these is that: $(PYTHON)' >&2
	echo 'Install the Debian packages python3 and python3-venv, or say PYTHON=/path/to/python' >&2
	exit 69

# Debian packages: named first, then installed if this is root or there is sudo.

debian:
	@missing=
	have() { PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v "$$1" >/dev/null; }
	have_python() {
	    if test -x $(BIN)/python; then return; fi
	    for python in $(PYTHON); do if $(call python_fits,"$$python"); then return; fi; done
	    return 1
	}
	have_python || missing+=' python3 python3-venv'
	have mosquitto || missing+=' mosquitto'
	have mosquitto_pub || missing+=' mosquitto-clients'
	if test -z "$$missing"; then exit; fi
	echo "Debian packages that are needed and not installed:$$missing"
	sudo=
	if test "$$(id -u)" != 0; then sudo=sudo; fi
	if ! have apt-get || { test -n "$$sudo" && ! { have sudo && { test -t 0 || sudo -n true 2>/dev/null; }; }; }; then
	    echo "They can't be installed from here (no root, no sudo, or no apt-get). Do that, then call make again:" >&2
	    echo "    apt-get install$$missing" >&2
	    exit 69
	fi
	$$sudo apt-get update --quiet
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends $$missing
