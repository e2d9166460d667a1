# The two commands: `make demo` and `make test`. Everything else is for those who change the program.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8021
SHELL := /bin/bash
BUILD_INPUTS := pyproject.toml frontend/package-lock.json frontend/hook.py $(wildcard web/translations/*/LC_MESSAGES/*.po)

.PHONY: demo test check bench oracles peers lock clean format daemons

demo: $(VENV)/.ready  ## a simulated province, polled over real SNMP, on http://127.0.0.1:8021
	@exec $(BIN)/merata demo --port $(PORT)

# The browser's tests by themselves: Playwright keeps an event loop running, beside which no other test can start one.
PARALLEL := -n auto --maxprocesses 4 --dist loadfile
test: $(VENV)/.ready-dev daemons  ## every test; REQUIRE=all fails on a skip; PYTEST_ARGS=... runs some, one by one
ifeq ($(PYTEST_ARGS),)
	$(BIN)/python -m pytest -q $(PARALLEL) --ignore=tests/browser
	$(BIN)/python -m pytest -q $(PARALLEL) tests/browser
else
	$(BIN)/python -m pytest $(PYTEST_ARGS)
endif

check: $(VENV)/.ready-dev  ## format, lint, types, import contract, catalogues, licences
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright --level error
	$(BIN)/lint-imports
	$(BIN)/python -m tests.architecture.catalogues
	$(BIN)/python -m tests.architecture.licences

bench: $(VENV)/.ready-dev  ## measurements beside peers; writes benchmarks/results/
	$(BIN)/python -m benchmarks

oracles: .venv-oracles/.ready  ## planning held to spopt, access, inequality and CBC, in an environment of their own
	.venv-oracles/bin/python -m pytest --confcutdir=tests/oracles -p no:cacheprovider -W ignore::DeprecationWarning tests/oracles

peers: .venv-peers/.ready  ## nornir and ansible, for `python -m benchmarks.rollout`

format: $(VENV)/.ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

daemons:
	@bash tests/daemons.sh

lock:  ## resolve again; the locks hold hashes and no addresses
	$(BIN)/uv pip compile pyproject.toml $(LOCK_FLAGS) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev -c requirements.lock $(LOCK_FLAGS) -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --extra oracles -c requirements.lock -c requirements-dev.lock $(LOCK_FLAGS) -o requirements-oracles.lock
	$(BIN)/uv pip compile pyproject.toml --extra peers -c requirements.lock $(LOCK_FLAGS) -o requirements-peers.lock
LOCK_FLAGS := -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found. On Debian: apt-get install python3.11 python3.11-venv"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "venv failed. On Debian: apt-get install python3.11-venv"; exit 2; }

$(VENV)/.ready: requirements.lock $(BUILD_INPUTS) | $(BIN)/python
	@echo "merata: preparing the environment (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready
	@echo "merata: preparing the test environment ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

.venv-oracles/.ready: requirements-oracles.lock
	@echo "merata: preparing the oracles (once, about 700 MB) ..."
	@$(PYTHON) -m venv .venv-oracles
	@.venv-oracles/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-oracles.lock
	@touch $@

.venv-peers/.ready: requirements-peers.lock
	@echo "merata: preparing the peers of the benchmarks ..."
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-peers.lock
	@touch $@

clean:
	rm -rf $(VENV) var web/static/vendor
