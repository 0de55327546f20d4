# Thin on purpose: every target is one or two commands that can be typed by hand.
# `make demo` and `make test` need Linux, make and Python >= 3.11; .venv gets the rest.

PYTHON ?= python3
# nbgrader calls alembic by its bare name, so .venv/bin must be on PATH.
RUN := PATH="$(CURDIR)/.venv/bin:$$PATH"
# Two workers, since that is what the smallest runners have; the tests of a file share what they set up.
PYTEST := pytest -n 2 --dist loadfile
PIP := .venv/bin/python -m pip -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help env demo test test-long lint types release verdicts verdicts-new lab bench mutate site screenshots browser pyodide clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

env: .venv/.stamp ## set up .venv from requirements.lock

.venv/.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "The kit needs Python 3.11 or newer as '$(PYTHON)'. Another one: make PYTHON=python3.12 env" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv (about a minute) ..."
	@test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

demo: env ## grade a class of synthetic students into demo/
	@$(RUN) autograder demo

test: lint types ## lint, types, tests, and the kit grading itself: what CI runs
	@$(MAKE) --no-print-directory browser || { test -z "$$CI" && echo "Going on without: the browser tests are skipped."; }
	@$(MAKE) --no-print-directory pyodide || { test -z "$$CI" && echo "Going on without: the tests of the site are skipped."; }
	@$(RUN) $(PYTEST) tests
	@$(RUN) autograder verify

test-long: env browser pyodide ## the tests that take minutes, and the browser tests ten times without a flake
	@$(RUN) $(PYTEST) tests -m long
	@for run in 1 2 3 4 5 6 7 8 9 10; do \
	  echo "Browser tests, run $$run of 10"; $(RUN) $(PYTEST) -q tests -m "browser and not long" || exit; done

lint: env ## ruff: rules and format
	@$(RUN) ruff check
	@$(RUN) ruff format --check

types: env ## mypy, strict
	@$(RUN) mypy

release: env ## generate release/, solutions/ and lab/open/ from source/
	@$(RUN) autograder generate

verdicts: env ## compare what is said of every answer with what is written down in tests/verdicts/kept/
	@$(RUN) python -m tests.verdicts.snapshot

verdicts-new: env ## write down what is said of every answer now
	@$(RUN) python -m tests.verdicts.snapshot --write

lab: env ## open a copy of the release in JupyterLab, as a student would
	@$(RUN) autograder lab

site: env .venv/site/.stamp ## build a static site of the course into build/site; PYODIDE=<folder> for a Pyodide of its own
	@$(RUN) autograder site --builder .venv/site/bin/python $(if $(PYODIDE),--pyodide "$(PYODIDE)")

.venv/site/.stamp: requirements-site.lock .venv/.stamp
	@$(PYTHON) -m venv .venv/site
	@.venv/site/bin/python -m pip -qq --disable-pip-version-check install --require-hashes -r requirements-site.lock
	@touch $@

bench: env ## measure the grader, the class report, and what students wait for
	@$(RUN) python -m tests.bench
	@$(RUN) python -m tests.report.classes
	@$(RUN) python -m tests.bench_students

mutate: env ## change the engine in 500 small ways, and list those that no test sees (an hour)
	@$(RUN) python -m tests.mutants

screenshots: env browser ## take the pictures of docs/ anew
	@$(RUN) pytest -q tests/browser/screenshots.py

browser: ## install Debian's Chromium for the browser tests
	@command -v chromium >/dev/null && exit; \
	if [ "$$(id -u)" = 0 ]; then sudo=; elif sudo -n true 2>/dev/null; then sudo="sudo -n"; else sudo=none; fi; \
	if [ "$$sudo" = none ] || ! command -v apt-get >/dev/null; then \
	  echo "The browser tests need 'chromium' on PATH. On Debian, as root: apt-get install chromium" >&2; exit 1; fi; \
	echo "Installing Chromium (about a minute) ..."; \
	$$sudo apt-get -qq update && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium fonts-dejavu-core >/dev/null

pyodide: .venv/pyodide ## fetch Pyodide (by npm) for the tests of the site

.venv/pyodide: tests/site/pyodide.py .venv/site/.stamp
	@command -v npm >/dev/null || { \
	  echo "The tests of the site need 'npm' on PATH. On Debian, as root: apt-get install npm" >&2; exit 1; }
	@$(RUN) python -m tests.site.pyodide

clean: ## remove demo/, build output and caches; .venv and the course's data stay
	@rm -rf demo build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
