# Everything a person or CI does with this repository. `make` alone lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The tests start hundreds of processes; without compiled modules each would compile them all anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo up test check bench fuzz lock clean

help: ## show what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null \
		|| grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST)

demo: setup ## run the main job on real parts: SFTP in, orders in a real ERP, acknowledgements out
	@$(BIN)/python -m tests.demo

up: setup ## the same, and leave everything running until Ctrl-C
	@$(BIN)/python -m tests.demo --keep

test: setup ## install the servers that tests need (Debian, as root) and run all tests
	@$(BIN)/python -m tests.services.setup
	$(BIN)/python -m pytest -v -n 2 --dist loadgroup --durations 15

check: setup ## formatting, lint, types, and who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## one table of figures, each beside its yardstick
	@$(BIN)/python -m tests.services.setup
	@$(BIN)/python -m benchmarks

fuzz: setup ## ten minutes of damaged documents against the codecs, with a cap on memory
	@$(BIN)/python -m tests.fuzz 600

setup: $(STAMP) ## make the virtual environment with the locked dependencies
	@:

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Crossdock needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) --no-print-directory venv-package
	@echo "setup: installing the locked dependencies into $(VENV) (about a minute the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
	@echo "setup: done"

.PHONY: venv-package
venv-package:
	@test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		|| { echo "Python can't make virtual environments here: run 'apt-get install python3-venv' as root, then make again"; exit 1; }
	@echo "setup: installing python3-venv ..."
	@DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null 2>&1 \
		|| { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; }

lock: setup ## choose the newest allowed dependencies and write requirements.lock
	@$(PIP) install uv
	@$(BIN)/uv pip compile pyproject.toml --extra dev --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-emit-index-url -q -o requirements.lock
	@echo "lock: wrote requirements.lock; 'make test' says whether it holds"

clean: ## remove what was made here: environments, caches, the demo's journal and ERP
	rm -rf $(VENV) .cache .crossdock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
