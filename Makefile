# Everything lives in .venv of the checkout. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench soak clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## Install everything that demo, test, check and bench need

demo: $(VENV)/.installed ## Start the whole virtual district and its EMS; prints the page's address
	@$(BIN)/ems demo $(ARGS)

test: check ## Check the code and run all tests
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.dev ## Lint, types, import rules and the description of Smartseille
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > $(VENV)/imports.log || (cat $(VENV)/imports.log; exit 1)
	@$(BIN)/ems config check

soak: $(VENV)/.dev ## Faults and loads that take long: kills by the hundred, half an hour of readings
	@EMS_KILLS=100 $(BIN)/python -m pytest tests/unit/store/test_spool.py
	@$(BIN)/python -m benchmarks store
	@$(BIN)/python -m benchmarks.faults --seeds 5000 --days 10

bench: $(VENV)/.dev ## Measure every figure of the documentation
	@$(BIN)/python -m benchmarks all $(ARGS)

clean: ## Remove what was built; data folders of districts stay
	rm -rf $(VENV) build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis ems/console/static/vendor
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) || (echo "fix: install the package python3-venv"; exit 1)

$(VENV)/.installed: pyproject.toml hatch_build.py | $(VENV)/bin/python
	@echo "installing the EMS into $(VENV); this takes a minute or two ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	@echo "installing the tools for tests ..."
	@$(PIP) --editable '.[dev]'
	@sh tests/install_browser.sh
	@sh tests/install_peers.sh
	@touch $@
