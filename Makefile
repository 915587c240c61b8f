# Everything a developer or CI does here. Needs only Python 3.11 or newer with venv, and make; the rest goes into .venv.
PYTHON ?= python3
# The pip to install with, as in PIP_VERSION=22.3.1. Empty: the one that this Python brings.
PIP_VERSION ?=
BIN := .venv/bin
TOOLS := .venv-tools/bin
UPGRADE ?=
ARGS ?=
MARKS ?= not system
# Without pip nagging about its own version. `pip check` is silent with --quiet even where it finds something.
PIP := python -m pip --disable-pip-version-check

# The end-to-end tests start the program many times; compiled once, it starts in half the time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: .venv/installed ## the real bot against simulated services: no account, no token, no network
	@$(BIN)/credit-bot demo $(ARGS)

.PHONY: test
test: .venv/installed ## unit tests and integration tests (MARKS="not system"), which is what a developer waits for
	$(BIN)/pytest -n 3 --dist worksteal -m "$(MARKS)" $(ARGS)

.PHONY: golden
golden: .venv/installed ## rewrite tests/golden/*.txt, every text that a person reads; read the diff before you commit it
	GOLDEN=write $(BIN)/pytest -q tests/golden $(ARGS)

.PHONY: lint
lint: .venv/installed ## style, formatting, and which part imports which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

.PHONY: types
types: .venv/installed ## strict types over bot, tests and bench
	$(BIN)/mypy

.PHONY: check
check: lint types ## what CI runs beside install-check: style, types, and the tests of all tiers with branch coverage
	$(MAKE) test MARKS= ARGS="--cov $(ARGS)"

.PHONY: audit
audit: .venv/installed .venv-tools/locked ## ask the network for known holes in what is locked
	@$(BIN)/python -m bench.audit $(TOOLS)/pip-audit

.PHONY: install-check
install-check: ## a fresh copy installs with the oldest pip and the newest, though newer releases of all of the lock exist
	$(require-python)
	$(PYTHON) -m verification.install $(ARGS)

.PHONY: wheel
wheel: .venv/installed ## the wheel to install anywhere, in dist/
	rm -rf dist
	$(BIN)/$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist

.PHONY: sizes
sizes: .venv/installed ## build wheel and image, and print how large both are, and what is in them (ENGINE=podman)
	@$(BIN)/python -m bench.sizes $(if $(ENGINE),--engine "$(ENGINE)") $(ARGS)

.PHONY: faults
faults: .venv/installed ## N=60 random histories of the real bot with everything going wrong; JOBS=3 at once
	$(BIN)/python -m verification.faults --histories $(or $(N),60) --jobs $(or $(JOBS),3) $(ARGS)

.PHONY: bench
bench: .venv/installed ## the numbers of docs/performance.md, measured here
	$(BIN)/python -m bench $(ARGS)

.PHONY: plots
plots: .venv/installed ## redraw docs/pictures/growth-*.png: how the numbers grow; takes an hour
	$(BIN)/python -m bench --plots

.PHONY: power-loss
power-loss: .venv/installed ## cut the bot's transactions and check the rest; ARGS="--cuts 500 --seed 1"
	$(BIN)/python -m verification.power_loss $(ARGS)


.PHONY: simulate
simulate: .venv/installed ## N=5000 random histories in simulated time, with every fault, judged by an oracle
	$(BIN)/python -m verification.simulation --histories $(or $(N),5000) --jobs 2 $(ARGS)

.PHONY: soak
soak: .venv/installed ## what the bot comes to hold while time runs 200 x as fast (HOURS=1)
	$(BIN)/python -m bench.soak --hours $(or $(HOURS),1) $(ARGS)

.PHONY: peers
peers: .venv/installed ## the same work and the same ten faults for the bot and two scripts; needs curl and jq
	@$(BIN)/python -m bench.peers $(ARGS)

.PHONY: screenshots
screenshots: .venv/installed ## retake docs/pictures/*.png; needs Chromium
	$(BIN)/python -m bench.screenshots

# One resolution each for every platform and Python we support. Pins stay as they are unless a range forbids them;
# `make lock UPGRADE=--upgrade` moves all to the newest in their ranges. Header and index are left out, so that the
# files hold nothing of the machine that wrote them.
LOCK := $(TOOLS)/uv pip compile --quiet --universal --python $(TOOLS)/python --python-version 3.11 --generate-hashes \
	--no-config --no-header --no-emit-index-url --no-emit-find-links $(UPGRADE)

.PHONY: lock
lock: .venv-tools/locked ## pin the dependencies of pyproject.toml again (UPGRADE=--upgrade: to the newest)
	$(LOCK) pyproject.toml --extra apprise -o requirements.lock
	$(LOCK) pyproject.toml --extra apprise --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group build -c requirements-dev.lock -o requirements-build.lock
	$(LOCK) --group tools -c requirements-dev.lock -o requirements-tools.lock

.PHONY: clean
clean: ## forget .venv and everything made from it
	rm -rf .venv .venv-tools build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find bot tests verification bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# Reports a Python that is too old before anything is created or fetched.
define require-python
@command -v $(PYTHON) >/dev/null || { echo "credit-bot needs Python 3.11 or newer, and there is no $(PYTHON):" \
	"name one, as in make PYTHON=python3.13" >&2; exit 1; }
@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(v < (3, 11) and "credit-bot needs Python 3.11 or newer, \
	and $(PYTHON) is %d.%d: name another, as in make PYTHON=python3.13" % v)'
endef

# $(call install-lock,FOLDER,LOCK): an environment of exactly what a lock file pins. The file is complete, so nothing is
# resolved: a resolver that meets `coverage[toml]` beside the pin of `coverage` takes the newest release, and fails.
define install-lock
$(require-python)
$(PYTHON) -m venv --clear $(1)
$(if $(PIP_VERSION),$(1)/bin/$(PIP) install --quiet --no-deps pip==$(PIP_VERSION))
@$(1)/bin/$(PIP) check >/dev/null 2>&1 || { echo "pip $(PIP_VERSION) does not run on $(PYTHON):" \
	"name a newer one, or leave PIP_VERSION out" >&2; exit 1; }
$(1)/bin/$(PIP) install --quiet --no-deps --require-hashes -r $(2)
$(1)/bin/$(PIP) check
@touch $@
endef

# Two stamps: a changed lock file, or another Python or pip asked for, rebuilds .venv, so that nothing dropped stays
# behind; a changed pyproject.toml only installs the project again, which takes a second.
LOCKED := .venv/locked$(addprefix -,$(subst /,-,$(filter-out python3,$(PYTHON))))$(addprefix -pip-,$(PIP_VERSION))

$(LOCKED): requirements-dev.lock
	$(call install-lock,.venv,$<)

.venv/installed: $(LOCKED) pyproject.toml
	$(BIN)/$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/$(PIP) check
	@touch $@

.venv-tools/locked: requirements-tools.lock
	$(call install-lock,.venv-tools,$<)
