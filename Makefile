# SPDX-License-Identifier: GPL-3.0-or-later
PYTHON ?= python3
BIN = .venv/bin
TESTS = $(BIN)/python -m pytest -q -n 3 --no-loadscope-reorder

.PHONY: help setup demo test quick chaos lint types audit benchmark pictures dist clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup:  ## .venv with the locked dependencies and .venv/bin/itgrix
	@$(PYTHON) tools/setup.py

demo:  ## the product with a sandbox portal and a sandbox PBX, panel on :8077
	@$(PYTHON) tools/setup.py --system demo
	@$(BIN)/itgrix demo

test:  ## all tests, also those with a real MariaDB, Asterisk and browser
	@$(PYTHON) tools/setup.py --system test
	@$(BIN)/python tools/tests.py

quick: setup  ## the tests that need no service
	@$(TESTS) -m "not live"

chaos: setup  ## every fault at full length: 200 kills, a week without the portal, 8 hours of traffic (takes hours)
	@ITGRIX_CHAOS=long nice -n 15 $(BIN)/python -m pytest -q -s --durations=0 tests/chaos tests/journeys \
		tests/service/test_killed.py tests/storage/test_concurrency.py

lint: setup  ## ruff and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: setup  ## mypy
	@$(BIN)/mypy

audit: setup  ## the locked dependencies beside published advisories
	@$(BIN)/python tools/audit.py

benchmark: setup  ## figures beside the budgets of the design
	@$(BIN)/python -m benchmarks

pictures: setup  ## docs/images anew, from a running demo
	@$(BIN)/python tools/pictures.py

dist:  ## the two release archives in dist/, checked; the same commit gives the same bytes
	@$(PYTHON) tools/setup.py
	@$(BIN)/python tools/dist.py

clean:  ## what setup and dist made
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache *.egg-info
