# The words of whoever works on micronn; CONTRIBUTING.md says when to use which.
# Another Python:  make test PYTHON=python3.13

PYTHON ?= .venv/bin/python

.PHONY: setup test fast browser wide lint types bench wasm pictures

setup:  ## a virtual environment with everything that the other words need
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet -e ".[test,dev]"

test:  ## every test, on all cores; what is skipped for want of a program is named at the end
	$(PYTHON) -m pytest -q -n auto -m "" -rs

fast:  ## what to run while you type: no browser, no lesson, no build
	$(PYTHON) -m pytest -q -n auto -m "not browser and not slow" --ignore tests/test_demos.py --ignore tests/test_benchmark.py

browser:  ## the pages, in a real Chromium
	$(PYTHON) -m pytest -q -n auto -m browser

wide:  ## thousands of new random cases, where the other words repeat the same ones
	$(PYTHON) -m pytest -q -n auto -m "" --hypothesis-profile=wide

lint:  ## Python and JavaScript, style and likely bugs
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	if command -v npx >/dev/null; then npx --yes eslint@9 --config .ci/eslint.config.mjs micronn; fi

types:  ## strict on every file; then programs as users write them
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -q tests/test_types.py

bench:  ## how long the same work takes here and elsewhere, as ratios
	$(PYTHON) demos/benchmark.py

wasm:  ## machine.c as WebAssembly, after it was changed
	$(PYTHON) -m pip install --quiet ziglang==0.17.1
	$(PYTHON) .ci/build_wasm.py

pictures:  ## the screenshots of the README, after a page was changed
	$(PYTHON) .ci/pictures.py
