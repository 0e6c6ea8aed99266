# bayescich: each command brings up its own environment first, so any of them may be the
# first in a fresh clone. docs/secure-room.md says how to install with no internet.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:

BIN := .venv/bin
READY := .venv/.ready

# uv from PATH, else a private one in .uv
UV := $(shell command -v uv 2>/dev/null)
ifeq ($(UV),)
UV := .uv/bin/uv
PRIVATE_UV := $(UV)
endif

# WHEELHOUSE=folder: everything comes from the folder and nothing from the network
ifeq ($(filter wheelhouse,$(MAKECMDGOALS)),)
FROM := $(WHEELHOUSE)
endif
ifneq ($(FROM),)
PIP_SOURCE = --no-index --find-links "$(FROM)"
UV_SOURCE = --offline $(PIP_SOURCE)
endif
PYTHON_WANTED = $(shell cat $(if $(FROM),"$(FROM)/python-version",.python-version) 2>/dev/null)

# trust what the machine trusts: many authorities' networks inspect their traffic
export UV_SYSTEM_CERTS ?= 1
# this checkout's environment is meant, whatever else is active in the shell
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

# a progress bar on a terminal, none in a log
QUIET = $$([ -t 2 ] || echo --quiet)
# $(call stop,MESSAGE): print one of the messages below and fail
stop = { printf '\n%s\n' "$$$(1)" >&2; exit 1; }
# $(call option,name,value): the option, when a value was given
option = $(if $(2),--$(1) "$(2)")

# $(call page,module and arguments,page): write a page; one that fails leaves the old one
page = { $(BIN)/python -m $(1) > $(2).new && mv $(2).new $(2); } || { rm -f $(2).new; exit 1; }

##@ Results
.PHONY: help fit report records data
help: ## list these commands
	@awk 'BEGIN { FS = ":.*## " } \
	    /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	    /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@printf '\n%s\n%s\n%s\n' "Models: $(MODELS)" \
	    "Also to fit: SAMPLER=nutpie|numpyro|blackjax|pymc PRIORS=neutral CHAINS= DRAWS= TUNE= SEED= OUTCOME= WEIGHTS=" \
	    "and ARGS=\"...\" for any other option of the command, e.g. ARGS=--help"

fit: model-named $(READY) ## fit MODEL=name [DATA=folder] and write its report
	@$(BIN)/bayescich fit "$(MODEL)" $(call option,data,$(DATA)) $(call option,sampler,$(SAMPLER)) \
	    $(call option,priors,$(PRIORS)) $(call option,chains,$(CHAINS)) $(call option,draws,$(DRAWS)) \
	    $(call option,tune,$(TUNE)) $(call option,seed,$(SEED)) $(call option,outcome,$(OUTCOME)) \
	    $(call option,weights,$(WEIGHTS)) $(ARGS)

report: model-named $(READY) ## write the report of the newest run of MODEL=name again
	@$(BIN)/bayescich report "$(MODEL)" $(call option,outcome,$(OUTCOME)) $(ARGS)

records: $(READY) ## what the returns in DATA=folder hold, every fault and every row
	@$(BIN)/bayescich records check $(if $(DATA),"$(DATA)") $(ARGS)

data: $(READY) ## data/<size>: a synthetic England [SIZE=small|study|national or CHILDREN=, SEED= DIRT= ARGS=--check]
	@$(BIN)/bayescich simulate $(call option,size,$(SIZE)) $(call option,seed,$(SEED)) \
	    $(call option,children,$(CHILDREN)) $(call option,dirt,$(DIRT)) $(ARGS)

##@ The environment
.PHONY: setup wheelhouse lock clean
setup: $(READY) ## make .venv with every package pinned [WHEELHOUSE=folder]
	@echo "==> .venv is ready: try \`make fit MODEL=stability\`"

wheelhouse: GATHERED = $(or $(WHEELHOUSE),wheelhouse)
wheelhouse: .venv/.python | $(PRIVATE_UV) ## gather what setup needs where there is no internet
	@echo "==> gathering $(PACKAGES) packages in $(GATHERED) (about a minute, 0.4 GB)"
	@mkdir -p "$(GATHERED)"
	@$(DOWNLOAD) --require-hashes -r requirements.lock || $(call stop,NOT_INSTALLED)
	@$(DOWNLOAD) --no-deps "uv==$$("$(UV)" --version | cut -d' ' -f2)" || $(call stop,NOT_INSTALLED)
	@$(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' > "$(GATHERED)/python-version"
	@echo "==> carry this checkout and $(GATHERED) in, then: make setup WHEELHOUSE=$(GATHERED)"

lock: $(PRIVATE_UV) ## pin the packages again in requirements.lock [UPGRADE=1]
	@"$(UV)" pip compile --quiet --universal --generate-hashes --group dev pyproject.toml \
	    -o requirements.lock --python-version 3.12 --custom-compile-command "make lock" \
	    $(if $(UPGRADE),--upgrade) || $(call stop,NOT_INSTALLED)
	@echo "==> requirements.lock pins $$(grep -c '==' requirements.lock) packages"

clean: ## remove the environment and what the tools cached; data, runs and reports stay
	rm -rf .venv .uv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find bayescich tests -name __pycache__ -prune -exec rm -rf {} +

##@ Checking the code
.PHONY: test lint check recovery bench docs docs-england
test: $(READY) ## run the tests
	@$(BIN)/python -m pytest $(ARGS)

lint: $(READY) ## style, types and the order of the rooms
	@echo "==> ruff" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "==> mypy" && $(BIN)/mypy
	@echo "==> import-linter" && $(BIN)/lint-imports --no-logo

check: lint test ## lint, then test

docs: $(READY) ## write the pages that are generated from the code
	@$(call page,bayescich.records.dictionary,docs/data-dictionary.md)
	@$(call page,bayescich.histories.dictionary,docs/histories-dictionary.md)

docs-england: $(READY) ## write docs/synthetic-england.md from a fresh study England (a minute)
	@$(BIN)/bayescich simulate --size study --out data/study
	@$(call page,bayescich.simulate.checking.check data/study,docs/synthetic-england.md)

recovery: $(READY) ## the slow tests: is a known truth found again? (an hour and more) [BAYESCICH_SEEDS=1:5]
	@$(BIN)/python -m pytest -m slow tests/recovery $(ARGS)

bench: $(READY) ## side-by-side speed [BENCH=outcomes] [ARGS="--children 8000"]
	@$(BIN)/python benchmarks/$(or $(BENCH),event_history).py $(ARGS)

# ---- how the environment comes up -------------------------------------------------------

PACKAGES = $(shell grep -c '==' requirements.lock)
MODELS = $(sort $(patsubst models/%.yaml,%,$(wildcard models/*.yaml)))
CHECK_FROM = [ -z "$(FROM)" ] || [ -f "$(FROM)/python-version" ] || $(call stop,NO_WHEELHOUSE)
# pip gathers, run by the Python of .venv so that it chooses the wheels of that Python
DOWNLOAD = "$(UV)" tool run $(QUIET) --python $(BIN)/python pip download --quiet \
    --disable-pip-version-check --only-binary :all: --dest "$(GATHERED)"

.PHONY: model-named
model-named:
	@[ -n "$(MODEL)" ] || { printf '%s\n' "==> Which model? One of: $(MODELS)" \
	    "    for example: make $(firstword $(MAKECMDGOALS)) MODEL=stability" >&2; exit 2; }

# pyenv obeys the .python-version of this folder, so the search is made from here and from /
.uv/bin/uv:
	@$(CHECK_FROM)
	@echo "==> installing uv into .uv (a few seconds)"
	@for folder in . /; do \
	    for python in python3 python3.13 python3.12 python /usr/local/bin/python3 /usr/bin/python3; do \
	        (cd $$folder && "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 8))') \
	            >/dev/null 2>&1 || continue; \
	        rm -rf .uv; \
	        (cd $$folder && "$$python" -m venv "$(CURDIR)/.uv") || $(call stop,NO_UV); \
	        .uv/bin/python -m pip install -qq --disable-pip-version-check $(PIP_SOURCE) uv \
	            || $(call stop,NOT_INSTALLED); \
	        exit 0; \
	    done; \
	done; $(call stop,NO_UV)

# the Python of .python-version: found, else fetched by uv, else any other that is new enough
.venv/.python: .python-version | $(PRIVATE_UV)
	@$(CHECK_FROM)
	@echo "==> making .venv with Python $(PYTHON_WANTED)"
	@rm -rf .venv; \
	find() { PYENV_VERSION=$$1 "$(UV)" python find --no-project --system --no-python-downloads "$$2" 2>/dev/null; }; \
	make_venv() { "$(UV)" venv --quiet --no-project --prompt bayescich --python "$$1" .venv; }; \
	if python=$$(find $(PYTHON_WANTED) $(PYTHON_WANTED)); then make_venv "$$python"; \
	elif [ -n "$(FROM)" ]; then $(call stop,NO_PYTHON); \
	elif echo "    there is none here: fetching it" && make_venv $(PYTHON_WANTED); then :; \
	elif python=$$(find 3.12 3.12 || find system '>=3.12'); then \
	    echo "==> using $$python instead" && make_venv "$$python"; \
	else $(call stop,NO_PYTHON); fi
	@touch $@

$(READY): requirements.lock pyproject.toml .venv/.python | $(PRIVATE_UV)
	@rm -f $@
	@echo "==> installing $(PACKAGES) packages into .venv (about a minute, 1.2 GB)"
	@"$(UV)" pip install $(QUIET) --python $(BIN)/python $(UV_SOURCE) \
	    --require-hashes -r requirements.lock || $(call stop,NOT_INSTALLED)
	@"$(UV)" pip install --quiet --python $(BIN)/python $(UV_SOURCE) \
	    --no-deps --no-build-isolation --editable . || $(call stop,NOT_INSTALLED)
	@touch $@

define NO_UV
==> uv could not be installed: no Python 3.8 or newer with its venv module was found.
    next: install one (Debian and Ubuntu: apt install python3-venv) or install uv itself,
          then run the same command again.
endef
define NO_PYTHON
==> Python $(PYTHON_WANTED) was not found and could not be fetched.
    next: install Python 3.12 or 3.13 (pyenv, conda, your software centre), then run the
          same command again. A wheelhouse serves only the Python it was gathered with.
endef
define NO_WHEELHOUSE
==> $(FROM) is not a wheelhouse: it holds no file python-version.
    next: gather one where there is internet (make wheelhouse) and carry it here.
endef
define NOT_INSTALLED
==> The packages could not be had; the lines above are the installer's own words.
$(if $(FROM),$(FROM_WHEELHOUSE),$(FROM_NETWORK))
endef
define FROM_NETWORK
    next: if it is the network, check the connection and the proxy (HTTPS_PROXY), then run the
          same command again: what has come is kept. With an internal mirror set
          UV_DEFAULT_INDEX and PIP_INDEX_URL; with no internet see docs/secure-room.md.
endef
define FROM_WHEELHOUSE
    next: gather $(FROM) again, from this very checkout and on the same operating system,
          processor and Python as here (make wheelhouse; docs/secure-room.md).
endef
export NO_UV NO_PYTHON NO_WHEELHOUSE NOT_INSTALLED
