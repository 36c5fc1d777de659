# What a person types here. `make` alone lists it.

PORT = 8000
PYTHON = python3
RUN = .venv/bin/python

.POSIX:
.PHONY: help run setup tools test test-fast lint bench messages

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: setup ## set up what is missing and serve on http://127.0.0.1:8000 (another port: make run PORT=8001)
	@exec $(RUN) -m app serve --prepare --port $(PORT)

setup: ## make the environment, the page assets and the translations
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: sudo apt-get install -y python3 python3-venv"; exit 1; }
	@$(PYTHON) tools/setup.py

tools:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: sudo apt-get install -y python3 python3-venv"; exit 1; }
	@$(PYTHON) tools/setup.py --tools

test: tools ## run all checks, and all tests on SQLite and PostgreSQL (what .ci/run runs)
	@exec sh tools/check.sh

test-fast: tools ## run rules, actions and house tests on SQLite, without pages and slow tests
	@$(RUN) -m pytest -q -n 2 --dist worksteal -m "not browser and not slow and not pages"

lint: tools ## run the checks that read the code: ruff, mypy, import-linter
	@exec sh tools/lint.sh

bench: tools ## measure the pages against a bare Flask page, and write docs/speed.md
	@$(RUN) tools/bench.py --write docs/speed.md

messages: tools ## collect the texts to translate into the catalogues
	@exec sh tools/messages.sh
