# Every verb works alone on a fresh machine with Python 3.11+: it makes the virtual environment first.
PYTHON ?= python3
VENV := .venv
LIGHT := .venv-light
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# What the rooms of an audit are tested in: svfair as `pip install svfair` brings it, without torch and audio.
LIGHT_TESTS := $(addprefix tests/,tables manifests trials metrics audit reports test_errors.py test_files.py test_public_names.py)

# Two tests at a time, each with one thread: threads that share cores with other work spin.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist worksteal

MUTMUT := PYTHONPATH=$(CURDIR)/build/mutmut OMP_NUM_THREADS=1 $(BIN)/python -m mutmut

.PHONY: demo test test-fast test-light faults lint format types fuzz mutants bench audit-data constraints clean

demo: $(INSTALLED)  ## Train twice on synthetic speech and print the fairness table
	$(BIN)/svfair demo demo

test: $(INSTALLED)  ## The whole test suite
	$(PYTEST)

test-fast: $(INSTALLED)  ## Without the tests that take more than a few seconds
	$(PYTEST) -m "not slow"

faults: $(INSTALLED)  ## What svfair does with inputs that are wrong on purpose, counted by kind
	$(PYTEST) -m fault

test-light: $(LIGHT)/.installed  ## The rooms of an audit where neither torch nor an audio library is installed
	$(LIGHT)/bin/python -m pytest -m "not slow" $(LIGHT_TESTS)

lint: $(INSTALLED)  ## Style, and the arrows between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(INSTALLED)
	$(BIN)/mypy

fuzz: $(INSTALLED)  ## A minute of coverage-guided fuzzing of the readers; the tests fuzz them too, with hypothesis
	$(BIN)/python -m pip install --quiet atheris==3.0.0
	mkdir -p build/fuzz
	cd build/fuzz && ../../$(BIN)/python ../../tests/fuzz/fuzz_readers.py -max_total_time=60 -timeout=10 -max_len=2000

mutants: $(INSTALLED) build/mutmut/.installed  ## The share of small faults in metrics/ and losses/ that their fast tests find; hours
	rm -rf mutants
	$(MUTMUT) run
	$(MUTMUT) results --all true | awk -F'[.: ]+' '{made[$$3]++} /: (killed|timeout)$$/ {killed[$$3]++} \
		END {for (room in made) printf "%s: %d of %d mutants killed, %.1f %%\n", room, killed[room], made[room], 100 * killed[room] / made[room]}'

# In a folder of its own: what it needs is no part of constraints.txt. Its browser is left out.
build/mutmut/.installed: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --no-deps --target $(@D) mutmut==3.8.1 libcst==1.9.0 coverage==7.17.4 setproctitle==1.3.8
	touch $@

bench: $(INSTALLED) audit-data benchmarks/external/bt4vt/.installed benchmarks/external/lhotse/.installed  ## Ratios against peers, measured in the same run
	$(BIN)/python benchmarks/audit.py
	$(BIN)/python benchmarks/intervals.py
	$(BIN)/python benchmarks/interval_coverage.py --speakers 40 200
	$(BIN)/python benchmarks/training_step.py
	$(BIN)/python benchmarks/formulations.py
	$(BIN)/python benchmarks/preparation.py
	$(BIN)/python benchmarks/planted_problem.py --seeds 10
	$(BIN)/python benchmarks/loading.py

# Real scores of two public systems. GPL-3: installed for its data, never imported, nothing copied.
audit-data: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --no-deps bt4vt==1.0.1

benchmarks/external/bt4vt/.installed:
	$(PYTHON) -m venv benchmarks/external/bt4vt
	benchmarks/external/bt4vt/bin/python -m pip install --quiet 'numpy<2' pandas PyYAML scikit-learn scipy 'setuptools<81' importlib-resources
	benchmarks/external/bt4vt/bin/python -m pip install --quiet --no-deps bt4vt==1.0.1
	touch $@

# Its recipe reads headers alone; what else it would install is not needed.
benchmarks/external/lhotse/.installed: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --no-deps --target $(@D) lhotse==1.33.0 cytoolz toolz intervaltree tabulate audioread sortedcontainers
	touch $@

constraints: $(INSTALLED)
	(head -n 1 constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | grep -viE '^(bt4vt|atheris)|@') > constraints.new
	mv constraints.new constraints.txt

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("svfair needs Python 3.11 or newer: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[demo,tracking,excel,dev]'
	touch $@

$(LIGHT)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(LIGHT)
	$(LIGHT)/bin/python -m pip install --quiet --constraint constraints.txt --editable . hypothesis jsonschema pytest
	touch $@

clean:
	rm -rf $(VENV) $(LIGHT) mutants build dist demo runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
