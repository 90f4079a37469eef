# Verbs first, domain last; a bare verb means every domain. `make` alone prints this help.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# What is described, by `harperdb-recommender new` or by hand, and what of it has demonstration data.
DOMAINS := $(notdir $(patsubst %/domain.toml,%,$(wildcard datasets/*/domain.toml)))
DEMONSTRATIONS := $(notdir $(patsubst %/sample,%,$(wildcard datasets/*/sample)))
STAGES := prepare train evaluate export deploy
RECOMMENDER := .venv/bin/harperdb-recommender
FUNCTION := custom_functions/recommender
# Folders of raw data. Default: the folder used before, at first the committed demonstration data.
SONGS_DATA ?=
BOOKS_DATA ?=
data_of = $(if $($(shell echo $(1) | tr a-z A-Z)_DATA),--data "$($(shell echo $(1) | tr a-z A-Z)_DATA)")
sources = $(shell find $(1) -type f 2>/dev/null)

.PHONY: help
help: ## Print this help
	@awk -F ':.*## ' '/^[a-z0-9%-]+:.*## / {printf "  %-26s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- what a user runs -------------------------------------------------------------------------

.PHONY: train-and-deploy
train-and-deploy: ## Train and deploy every domain; SONGS_DATA=dir BOOKS_DATA=dir for real data
train-and-deploy: $(DOMAINS:%=train-and-deploy-%)
# Any name: the command says what to do about a domain that is not there.
train-and-deploy-%: setup build harper-up
	@$(RECOMMENDER) run $* $(call data_of,$*)

.PHONY: setup setup-python setup-node
setup: setup-python setup-node ## Install .venv and node_modules from their lock files
setup-python setup-node: setup-%:
	@scripts/setup.sh $*

.PHONY: $(STAGES) $(foreach s,$(STAGES),$(DOMAINS:%=$(s)-%))
prepare: $(DOMAINS:%=prepare-%) ## Read, clean, index and split the data
train: $(DOMAINS:%=train-%) ## Fit the models
evaluate: $(DOMAINS:%=evaluate-%) ## Measure on held-out users, beside the baselines
export: $(DOMAINS:%=export-%) ## Convert to TensorFlow.js
deploy: $(DOMAINS:%=deploy-%) ## Push models and code into HarperDB
$(DOMAINS:%=prepare-%): prepare-%: setup-python
	@$(RECOMMENDER) prepare $* $(call data_of,$*)
$(DOMAINS:%=train-%): train-%: setup-python
	@$(RECOMMENDER) train $*
$(DOMAINS:%=evaluate-%): evaluate-%: setup-python
	@$(RECOMMENDER) evaluate $*
$(DOMAINS:%=export-%): export-%: setup-python
	@$(RECOMMENDER) export $*
$(DOMAINS:%=deploy-%): deploy-%: setup build
	@$(RECOMMENDER) deploy $*

.PHONY: fetch $(DEMONSTRATIONS:%=fetch-%)
fetch: $(DEMONSTRATIONS:%=fetch-%) ## Download the real data into datasets/<domain>/raw
$(DEMONSTRATIONS:%=fetch-%): fetch-%: setup-python
	@.venv/bin/python scripts/fetch_datasets.py $*

.PHONY: learn
learn: setup build ## Simulate visitors on the demonstration data: two rounds of learning, before and after
	@.venv/bin/python -m scripts.simulate_visitors songs --rounds 2 --panel 200

.PHONY: harper-up harper-down harper-users cluster-up cluster-down
harper-up: setup ## Start a local HarperDB on loopback, unless HARPER_URL names one
	@$(RECOMMENDER) harper up
harper-down: ## Stop the local HarperDB; its data is kept
	@$(RECOMMENDER) harper down
harper-users: setup-python ## Create the users with the least rights: pushing, reading, collecting, tables
	@$(RECOMMENDER) users
cluster-up: setup ## Start a local cluster of three nodes
	@$(RECOMMENDER) harper cluster-up
cluster-down: ## Stop the local cluster; its data is kept
	@$(RECOMMENDER) harper cluster-down

# ---- what is built from source ----------------------------------------------------------------

.PHONY: build
build: artifacts/built/component artifacts/built/pages ## Bundle the custom function and its pages
artifacts/built/component: scripts/build_component.mjs package-lock.json $(call sources,$(FUNCTION)/lib) $(call sources,$(FUNCTION)/routes) $(call sources,$(FUNCTION)/http) $(wildcard $(FUNCTION)/*.*) | setup-node
	@npm run --silent build:component && mkdir -p $(@D) && touch $@
artifacts/built/pages: package-lock.json $(call sources,$(FUNCTION)/ui) $(addprefix $(FUNCTION)/lib/,listed_ids.js page_title.js typos.js words.js) | setup-node
	@npm run --silent build:pages && mkdir -p $(@D) && touch $@

# ---- what a developer runs --------------------------------------------------------------------

# Tests of two files run at the same time: most wait for servers, and none uses both cores for long.
PYTEST := .venv/bin/python -m pytest --numprocesses 2 --dist loadfile

.PHONY: test test-python test-fast test-js test-e2e test-bundles attack
test: test-python test-js test-e2e ## Run every test
test-python: setup-python ## Run the Python tests, without a server
	@$(PYTEST) -m "not e2e"
test-fast: setup-python ## Python, without a server and without the slow tests
	@$(PYTEST) -m "not e2e and not slow"
test-bundles: setup-python ## Train the small models that the tests below use
	@.venv/bin/python -m tests.make_bundles
test-js: setup-node test-bundles ## Run the JavaScript tests, without a server
	@npm run --silent test:js
attack: setup build ## Send 25,000 odd requests and 100,000 recommendations to a node of its own, on loopback
	@ATTACK_REQUESTS=25000 ATTACK_RECOMMENDATIONS=100000 .venv/bin/python -m pytest -s tests/attack
test-e2e: setup build test-bundles ## Run the tests on real HarperDB nodes and in a real browser
	@$(PYTEST) -m e2e

.PHONY: settings-reference
settings-reference: setup-python ## Write docs/settings.md from the settings
	@.venv/bin/python -m scripts.make_settings_reference

.PHONY: lint format check bench bench-learning learning-report bench-experiments bench-scale soak screenshots clean
lint: setup ## Check the code: ruff, mypy, import-linter, ESLint, Prettier
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports && npm run --silent lint
format: setup ## Format the code
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format . && npm run --silent format
check: lint test ## Check the code and run every test
bench: setup build test-bundles ## Measure latencies on this machine
	@npm run --silent bench
	@.venv/bin/python -m tests.bench.load
	@.venv/bin/python -m tests.bench.nodes
simulated = @.venv/bin/python -m scripts.simulate_visitors $(1) $(call data_of,$(1)) $(LEARNING_OPTIONS) --results docs/learning/$(1)$(2).json $(3)
bench-learning: setup build $(DEMONSTRATIONS:%=bench-learning-%) ## Measure what simulated visitors and bots teach, SONGS_DATA=dir BOOKS_DATA=dir: hours
	@$(MAKE) --no-print-directory learning-report
bench-learning-%: setup build
	$(call simulated,$*,,--full)
	$(call simulated,$*,-bots,--bots 0.2)
	$(call simulated,$*,-seed-21,--seed 21)
	$(call simulated,$*,-seed-21-bots,--seed 21 --bots 0.2 --rule copied)
learning-report: setup-python ## Write docs/learning.md from the figures of bench-learning
	@.venv/bin/python -m scripts.make_learning_report docs/learning/*.json
bench-experiments: setup build ## Let simulated visitors decide experiments on three nodes, and write the figures into docs/experiments.md
	@.venv/bin/python -m tests.bench.experiments
bench-scale: setup-python ## Measure time and memory on a synthetic Taste Profile in SCALE_FOLDER=dir: hours, 12 GB
	@.venv/bin/python -m scripts.measure_scale "$(or $(SCALE_FOLDER),artifacts/scale)"
	@.venv/bin/python -m scripts.make_scale_report
soak: setup build ## Deploy two recommenders on one node under load, ROUNDS=50 times
	@PYTHONPATH=. .venv/bin/python scripts/soak.py
screenshots: setup build ## Take screenshots of the pages into test-results/screenshots
	@node scripts/screenshots.mjs
clean: ## Remove everything generated; the local HarperDB's data is kept
	@rm -rf artifacts $(FUNCTION)/dist $(FUNCTION)/web test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis
