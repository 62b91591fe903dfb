# Every target sets up what it needs in $(VENV), from nothing. `make help` lists them.
#   make demo ARGS='--prompt "Uma is 8 years older than Jose, who is 5. How old is Uma in 2 years?"'
#   make book VENV=/tmp/elsewhere PYTHON=python3.12

SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
# Extra arguments for the installation of torch, such as the index of its CPU builds.
TORCH_ARGS ?=

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
	"$$python" -c '$(SUPPORTED)' 2>/dev/null && echo "$$python" && break; done)

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt
TORCH := $(VENV)/.torch-installed
CORE := $(VENV)/.core-installed
BOOK := $(VENV)/.book-installed
ALL := $(VENV)/.all-installed

.DEFAULT_GOAL := help
.PHONY: help venv book test quick browser-test demo lint format clean distclean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1 : /' | column -t -s:

venv: $(ALL) ## everything for development, in .venv

book: $(BOOK) ## execute the chapters and build the book
	$(BIN)/python tools/build_book.py $(ARGS)

test: $(ALL) ## run the tests, on all cores
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto $(ARGS)

quick: $(ALL) ## run the tests of the core, in a minute
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --quick -m "not slow" $(ARGS)

browser-test: $(ALL) ## build the book, then check every page and explorer in Chromium, network blocked
	$(BIN)/python tools/build_book.py $(ARGS)
	$(BIN)/python tools/check_book.py
	APD_BOOK_HTML=_build/html $(BIN)/python -m pytest tests/browser

demo: $(CORE) ## decode the problem of Figure 1 live
	$(BIN)/apd demo $(ARGS)

lint: $(ALL) ## check style, types, computed tables, and that notebooks are folded and without outputs
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/fold_cells.py --check
	$(BIN)/python tools/write_tables.py --check
	@git ls-files -z '*.ipynb' | xargs -0 -r $(BIN)/python -m nbstripout --verify

format: $(ALL) ## put code and notebooks in order
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .
	$(BIN)/python tools/fold_cells.py
	$(BIN)/python tools/write_tables.py
	@git ls-files -z '*.ipynb' | xargs -0 -r $(BIN)/python -m nbstripout

clean: ## remove what was built
	rm -rf build dist _build book/_build _extra/vendor node_modules
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find apd tests tools _ext -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove the environment too
	rm -rf $(VENV)

# torch comes first and by its pinned version, so that nothing else pulls in another build of it.
$(TORCH): constraints.txt
	@if [ -z '$(PYTHON)' ]; then \
		echo 'make: Python 3.11, 3.12 or 3.13 was not found; install it, or name it: make PYTHON=...' >&2; exit 1; fi
	@[ -x $(BIN)/python ] || '$(PYTHON)' -m venv $(VENV) || { rm -rf $(VENV); \
		echo 'make: no virtual environment; on Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@echo 'Installing torch into $(VENV) ...'
	@$(PIP) $(TORCH_ARGS) torch
	@touch $@

$(CORE): $(TORCH) pyproject.toml
	@echo 'Installing apd ...'
	@$(PIP) -e .
	@touch $@

$(BOOK): $(TORCH) pyproject.toml
	@echo 'Installing apd[book] ...'
	@$(PIP) -e '.[book]'
	@touch $@ $(CORE)

$(ALL): $(TORCH) pyproject.toml
	@echo 'Installing apd[book,eval,quantize,onnxruntime,sweep,dev] ...'
	@$(PIP) -e '.[book,eval,quantize,onnxruntime,sweep,dev]'
	@touch $@ $(CORE) $(BOOK)
