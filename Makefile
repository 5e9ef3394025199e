# Two commands matter: `make demo` and `make test`. Each sets up whatever it lacks.

PYTHON := $(shell for one in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$one && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
LOCK := requirements-dev.lock
UV := $(shell command -v uv 2>/dev/null)
COMPILE := pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --no-header --quiet

.PHONY: help demo test check check-all bench clean messages lock environment

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

demo: environment ## everything, running, with three schools: Ctrl-C stops it
	@exec $(RUN) manage.py demo

test: environment ## the whole suite
	@$(RUN) -m pytest -n 2 --dist worksteal $(ARGS)

check: environment ## style, types, architecture, translations, complexity
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) -m tests.architecture.complexity
	$(RUN) -m pytest -q $(wildcard tests/architecture tests/languages)

check-all: check ## the same, every page in every language, theme and width, crowds, a kill at every point, every guard taken away once
	CHECK_ALL=1 $(RUN) -m pytest -n 2 -m journey
	CHECK_ALL=1 $(RUN) -m pytest -n 2 tests/fleet/test_kills.py
	MIXED_REQUESTS=2000 $(RUN) -m pytest -q --show-capture=no tests/isolation/test_mixed.py
	$(RUN) -m tests.guards

bench: environment ## benchmarks that print ratios (ONLY=name runs one)
	@$(RUN) -m bench $(ONLY)

messages: environment ## collect and compile the sentences people see
	$(RUN) manage.py messages

lock: environment ## pin every dependency anew from pyproject.toml
	$(or $(UV),$(VENV)/bin/uv) $(COMPILE) -o requirements.lock
	$(or $(UV),$(VENV)/bin/uv) $(COMPILE) --group dev -o $(LOCK)

clean: ## stop what runs and delete everything that was made, but not the environment
	@if [ -x $(RUN) ]; then $(RUN) -m config.clean; fi
	@rm -rf .local staticfiles .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	@find . -path ./$(VENV) -prune -o \( -name __pycache__ -o -name '*.mo' \) -print0 | xargs -0 rm -rf

# The copy of the lock in the environment says what was installed.
environment:
	@[ -n "$(PYTHON)" ] || { echo "MySentinel needs Python 3.11 or newer, as python3."; exit 1; }
	@[ -x $(RUN) ] || $(PYTHON) -m venv $(VENV)
	@cmp -s $(LOCK) $(VENV)/installed.lock || { \
		echo "Installing what $(LOCK) names"; \
		$(if $(UV),$(UV) pip install --quiet --python $(RUN) --require-hashes -r $(LOCK) ||) \
		$(RUN) -m pip install -qq --disable-pip-version-check --require-hashes -r $(LOCK); \
	} && cp $(LOCK) $(VENV)/installed.lock
