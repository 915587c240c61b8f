# Everything a developer or CI does here. Needs only Python 3.11 to 3.13 with venv, and make; the rest goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
UPGRADE ?=
ARGS ?=
N ?= 60
JOBS ?= 3
MARKS ?= not browser
# Without pip nagging about its own version.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The end-to-end tests start the program many times; compiled once, it starts in half the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: .venv/installed ## the real bot against simulated services: no account, no token, no network
	@$(BIN)/credit-bot demo $(ARGS)

.PHONY: test
test: .venv/installed ## all tests but those in a browser
	$(BIN)/pytest -n 3 --dist worksteal -m "$(MARKS)" $(ARGS)

.PHONY: lint
lint: .venv/installed ## style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: types
types: .venv/installed ## strict types over bot, tests and bench
	$(BIN)/mypy

.PHONY: check
check: lint types ## what CI runs: style, types, and all tests with branch coverage
	$(MAKE) test MARKS= ARGS="--cov $(ARGS)"

.PHONY: faults
faults: .venv/installed ## N=60 random histories of the real bot with everything going wrong; JOBS=3 at once
	$(BIN)/python -m tests.faults --histories $(N) --jobs $(JOBS) $(ARGS)

.PHONY: bench
bench: .venv/installed ## the numbers in the README, measured here
	$(BIN)/python -m bench $(ARGS)

N ?= 5000
.PHONY: simulate
simulate: .venv/installed ## N=5000 random histories in simulated time, with every fault, judged by an oracle
	$(BIN)/python -m tests.simulation --histories $(N) --jobs 2 $(ARGS)

.PHONY: screenshots
screenshots: .venv/installed ## docs/pictures/*.png anew; needs Chromium
	$(BIN)/python -m bench.screenshots

# One resolution each for every platform and Python we support. Pins stay as they are unless a range forbids them;
# `make lock UPGRADE=--upgrade` moves all to the newest in their ranges. Header and index are left out, so that the
# files hold nothing of the machine that wrote them.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-config --no-header \
	--no-emit-index-url --no-emit-find-links $(UPGRADE)

.PHONY: lock
lock: .venv/locked ## pin the dependencies of pyproject.toml anew (UPGRADE=--upgrade: to the newest)
	$(PIP) install uv
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group build -c requirements-dev.lock -o requirements-build.lock

.PHONY: clean
clean: ## forget .venv and everything made from it
	rm -rf .venv build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find bot tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# Two stamps: a changed lock file builds .venv anew, so that nothing dropped stays behind;
# a changed pyproject.toml only installs the project again, which takes a second.
.venv/locked: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { \
		echo "credit-bot needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is not one: name one as in make PYTHON=python3.13" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(PIP) install --require-hashes -r $<
	@touch $@

.venv/installed: .venv/locked pyproject.toml
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
