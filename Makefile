# Everything starts here: `make demo` shows the main job, `make test` proves it.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check format bench lock clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## the virtual environment with everything pinned in requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -m venv .venv 2>/dev/null || { rm -rf .venv; \
	  if [ "$$(id -u)" = 0 ]; then echo "installing python3-venv"; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; \
	  else echo "python3-venv is missing: apt-get install python3-venv"; exit 1; fi; $(PYTHON) -m venv .venv; }
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: setup ## the main job on real parts: SFTP in, ERP orders out, acknowledged
	$(BIN)/python -m tests.demo

up: setup ## the same, left running to play with
	$(BIN)/python -m tests.demo --keep

test: setup ## all tests, with real servers (installed by apt where missing)
	$(BIN)/python -m tests.services.setup
	$(BIN)/python -m pytest -n 2 --dist loadgroup --durations 10

check: setup ## ruff, mypy --strict, import-linter
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache | tail -n 6

format: setup ## lay the code out
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## one table of figures, each with its yardstick
	$(BIN)/python -m benchmarks

lock: setup ## pin the dependencies anew
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile --quiet --no-header --no-emit-index-url --python-version 3.11 --generate-hashes --extra dev pyproject.toml -o requirements.lock

clean: ## remove what was built and run here
	rm -rf .venv .cache .crossdock .mypy_cache .ruff_cache .import_linter_cache
