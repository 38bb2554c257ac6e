# Metronome's tasks: `make` lists them.  They need Python 3.11 or newer, pip and make, nothing else.
#
#   PYTHON   the Python that makes the virtual environment      make demo PYTHON=python3.12
#   VENV     where it goes                                      make test VENV=/tmp/venv
#   ARGS     more arguments for pytest                          make test ARGS="-k ledger"
#   METRONOME_SERVICES=install   install and start what the tests need (as root on Debian; for CI)

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed
DEVELOP := $(VENV)/.installed-dev
PIP_INSTALL = "$(BIN)/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
LINREG := reference/linreg-torch

ifeq ($(METRONOME_SERVICES),install)
WITH_SERVICES := "$(BIN)/python" -m tests.services run --
endif

.DEFAULT_GOAL := help
.PHONY: help demo test lint references bench bench-detection bench-overhead bench-verify calibrate soak clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(RUNTIME) ## Install, grade one right and one wrong loop, and show both reports
	"$(BIN)/grade" submit $(LINREG)/solution.py --exercise linreg-torch
	@echo
	@# A wrong loop ends with code 1; any other code is a failure of the demo.
	"$(BIN)/grade" submit $(LINREG)/bugs/missing_zero_grad.py --exercise linreg-torch; \
	code=$$?; if [ "$$code" -ne 1 ]; then echo "the wrong loop ended with code $$code, not 1"; exit 1; fi

test: $(DEVELOP) lint ## Run the linters and every test that this machine can run
	OMP_NUM_THREADS=1 $(WITH_SERVICES) "$(BIN)/python" -m pytest -n auto --dist loadgroup $(ARGS)

lint: $(DEVELOP) ## Check style, types and the direction of imports
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"
	"$(BIN)/lint-imports" --no-logo

bench-detection: $(DEVELOP) ## Break every right loop in every small way, and count what is found (an hour or more)
	OMP_NUM_THREADS=1 "$(BIN)/python" -m tests.mutation.bench

references: $(DEVELOP) ## Grade every reference file both ways: as it is, and stripped (an hour)
	METRONOME_REFERENCES=all OMP_NUM_THREADS=1 $(WITH_SERVICES) "$(BIN)/python" -m pytest -n auto --dist loadgroup tests/reference \
		tests/counterfactuals tests/hostile/contamination $(ARGS)

calibrate: $(DEVELOP) ## Show that thresholds hold over many challenges (minutes)
	"$(BIN)/python" tests/calibrate.py

bench: $(DEVELOP) ## Measure speed against a bare run, and hold it against the bars (an hour; ARGS="submit --quick" for less)
	OMP_NUM_THREADS=1 "$(BIN)/python" -m benchmarks $(ARGS)

soak: $(DEVELOP) ## Grade 2,000 submissions in one process, and see that it holds no more afterwards (docker; minutes)
	OMP_NUM_THREADS=1 $(WITH_SERVICES) "$(BIN)/python" -m tests.soak

bench-overhead: $(DEVELOP) ## Measure what watching costs a loop, and hold it against the bars (minutes)
	OMP_NUM_THREADS=1 "$(BIN)/python" -m benchmarks.overhead

bench-verify: $(DEVELOP) ## Measure what verifying a run costs, and hold it against its bar (half an hour)
	OMP_NUM_THREADS=1 "$(BIN)/python" -m benchmarks.verification

clean: ## Remove the virtual environment, caches and build outputs
	@if [ -f "$(VENV)/pyvenv.cfg" ]; then rm -rf "$(VENV)"; fi
	rm -rf dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp remembers what was installed from; a second call installs nothing.
$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable .
	@touch "$@"

$(DEVELOP): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable ".[dev]"
	@touch "$@" "$(RUNTIME)"

# Debian splits ensurepip off into python3-venv; where it is missing, a pip outside can still fill the venv.
$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "Metronome needs Python 3.11 or newer; name one with: make PYTHON=python3.11 …" >&2; exit 1; }
	@if "$(PYTHON)" -c 'import ensurepip' 2>/dev/null; then "$(PYTHON)" -m venv "$(VENV)"; \
	else "$(PYTHON)" -m venv --without-pip "$(VENV)" \
	&& "$(PYTHON)" -m pip --python "$(BIN)/python" install --quiet pip \
	|| { rm -rf "$(VENV)"; echo "No virtual environment could be made; on Debian: apt-get install python3-venv" >&2; exit 1; }; fi
