# Every target does its own set-up: `python3` (3.11 or newer), `python3-venv` and `make` are all it needs.

PYTHON ?= python3
BIN := .venv/bin
# More options for a command: make demo OPTIONS="--size medium", make test OPTIONS="-k pairing"
OPTIONS ?=

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-fast lint bench locks set-up clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null || grep '##' $(MAKEFILE_LIST)

set-up:  ## Set up only
	@$(PYTHON) tools/set_up.py run

demo:  ## Build the demo bank, trace it and show it in the browser
	@$(PYTHON) tools/set_up.py run
	@$(BIN)/loantrail demo $(OPTIONS)

serve:  ## Serve the web page over the database as it is
	@$(PYTHON) tools/set_up.py run
	@$(BIN)/loantrail serve $(OPTIONS)

test:  ## All tests but the heavy ones, with browser and crash tests
	@$(PYTHON) tools/set_up.py browser
	@$(BIN)/pytest -n 2 --dist worksteal -m "not heavy and not browser and not crash" $(OPTIONS)
	@LOANTRAIL_BROWSER="$$(cat .cache/browser 2>/dev/null)" $(BIN)/pytest tests/browser -m browser -n 2 --dist loadfile \
		--no-loadscope-reorder $(OPTIONS)
	@$(BIN)/pytest -m "crash and not heavy and not browser" $(OPTIONS)

test-fast:  ## The tests to run while working, those with a database left out: about a minute
	@$(PYTHON) tools/set_up.py test
	@$(BIN)/pytest -n 2 -m "not heavy and not browser and not crash and not database" $(OPTIONS)

lint:  ## Style, types and the walls between the parts
	@$(PYTHON) tools/set_up.py test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/python tools/walls.py

bench:  ## Measure every published claim and record the results
	@$(PYTHON) tools/set_up.py test
	@$(BIN)/python tools/run_benchmarks.py $(OPTIONS)

locks:  ## Resolve the packages anew and write the lock files
	@$(PYTHON) tools/set_up.py test
	@sh tools/lock.sh

clean:  ## Remove what the set-up made here; the database stays
	rm -rf .venv .cache web/node_modules src/loantrail/http/static
