# `make` lists what there is. Everything is installed into .venv beside this file, by pip.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
STAMPS := .venv/stamps
TORCH := 2.13.0
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile
# What is installed is compiled when it is first loaded, and kept: else every process would compile every library again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test prove docs clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    install, make a synthetic table from embedded real data, and judge it"
	@echo "make test    everything a change must pass, in minutes"
	@echo "make prove   the long proofs and the benchmarks"
	@echo "make docs    the documentation, into site/"
	@echo "make clean   remove what the others made"

demo: $(STAMPS)/base
	@$(BIN)/synthesist demo
	@echo "Report: $(CURDIR)/demo/report.html"

# All checks run, so that one call names every fault; the tests come last.
test: $(STAMPS)/dev
	$(call offered,chromium,command -v chromium,The pages of the reports cannot be looked at in a browser.)
	$(call offered,postgresql,ls /usr/lib/postgresql/*/bin/initdb,What concerns PostgreSQL is not tested.)
	$(call offered,mariadb-server,command -v mariadbd,What concerns MariaDB is not tested.)
	@failed=""; \
	$(BIN)/ruff check src tests docs benchmarks || failed="$$failed ruff-check"; \
	$(BIN)/ruff format --check src tests docs benchmarks || failed="$$failed ruff-format"; \
	$(BIN)/mypy || failed="$$failed mypy"; \
	[ -z "$$failed" ] || echo "FAILED before the tests:$$failed"; \
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not prove" || failed="$$failed pytest"; \
	[ -z "$$failed" ] || { echo "FAILED:$$failed" >&2; exit 1; }

# Every proof and every benchmark runs, so that one call shows all; SYNTHESIST_DATA is where benchmarks find more sets.
prove: $(STAMPS)/dev
	$(call needed,postgresql,ls /usr/lib/postgresql/*/bin/initdb)
	$(call needed,mariadb-server,command -v mariadbd)
	@failed=""; \
	$(BIN)/python -m pytest -m prove || failed="$$failed pytest"; \
	for benchmark in benchmarks/[a-z]*.py; do \
		echo "$$benchmark"; $(BIN)/python "$$benchmark" || failed="$$failed $$benchmark"; \
	done; \
	[ -z "$$failed" ] || { echo "FAILED:$$failed" >&2; exit 1; }

docs: $(STAMPS)/docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Documentation: $(CURDIR)/site/index.html"

clean:
	rm -rf .venv site demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# -------------------------------------------------------------------- installing

$(STAMPS)/base: pyproject.toml
	$(if $(PYTHON),,$(error No Python from 3.11 to 3.13 found. Install one: apt-get install python3 python3-venv))
	$(call needed,python3-venv,$(PYTHON) -m ensurepip --version)
	@echo "Installing synthesist into .venv (once; some minutes on a slow line) ..."
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(PIP) --editable .
	$(call needed,libgomp1,$(BIN)/python -c 'import lightgbm')
	@mkdir -p $(@D) && touch $@

$(STAMPS)/dev: $(STAMPS)/base
	@$(PIP) torch==$(TORCH) --editable '.[dev,deep]'
	@touch $@

$(STAMPS)/docs: $(STAMPS)/base
	@$(PIP) --editable '.[docs]'
	@touch $@

# $(call debian,PACKAGE,TEST): install a Debian package where the test fails and we may
debian = $(2) >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	&& echo "Installing $(1) ..." && apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
	apt-get -qq install --no-install-recommends $(1); } >/dev/null 2>&1; $(2) >/dev/null 2>&1

needed = @$(debian) || { echo "Missing: $(1). As root: apt-get install $(1)   Then call make again." >&2; exit 1; }
offered = @$(debian) || echo "Could not install $(1). $(3) As root: apt-get install $(1)"
