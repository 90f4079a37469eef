# Verbs first, domain last; a bare verb means every domain. `make` alone prints this help.
.DEFAULT_GOAL := help
SHELL := /bin/bash

DOMAINS := $(notdir $(patsubst %/sample,%,$(wildcard datasets/*/sample)))
STAGES := prepare train evaluate export deploy
TRAINING := .venv/bin/python -m training
FUNCTION := custom_functions/recommender
# Folders of raw data; without one the committed demonstration data is taken.
SONGS_DATA ?=
BOOKS_DATA ?=
data_of = $(if $($(shell echo $(1) | tr a-z A-Z)_DATA),--data "$($(shell echo $(1) | tr a-z A-Z)_DATA)")
sources = $(shell find $(1) -type f 2>/dev/null)

.PHONY: help
help: ## Print this help
	@awk -F ':.*## ' '/^[a-z0-9%-]+:.*## / {printf "  %-26s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- what a user runs -------------------------------------------------------------------------

.PHONY: train-and-deploy $(DOMAINS:%=train-and-deploy-%)
train-and-deploy: ## Train and deploy songs and books; SONGS_DATA=dir BOOKS_DATA=dir for real data
train-and-deploy: $(DOMAINS:%=train-and-deploy-%)
$(DOMAINS:%=train-and-deploy-%): train-and-deploy-%: setup build harper-up
	@$(TRAINING) run $* $(call data_of,$*)

.PHONY: setup setup-python setup-node
setup: setup-python setup-node ## Make .venv and node_modules from their lock files
setup-python setup-node: setup-%:
	@scripts/setup.sh $*

.PHONY: $(STAGES) $(foreach s,$(STAGES),$(DOMAINS:%=$(s)-%))
prepare: $(DOMAINS:%=prepare-%) ## Read, clean, index and split
train: $(DOMAINS:%=train-%) ## Fit the models
evaluate: $(DOMAINS:%=evaluate-%) ## Measure against the baselines
export: $(DOMAINS:%=export-%) ## Convert to TensorFlow.js
deploy: $(DOMAINS:%=deploy-%) ## Push into HarperDB
$(DOMAINS:%=prepare-%): prepare-%: setup-python
	@$(TRAINING) prepare $* $(call data_of,$*)
$(DOMAINS:%=train-%): train-%: setup-python
	@$(TRAINING) train $*
$(DOMAINS:%=evaluate-%): evaluate-%: setup-python
	@$(TRAINING) evaluate $*
$(DOMAINS:%=export-%): export-%: setup-python
	@$(TRAINING) export $*
$(DOMAINS:%=deploy-%): deploy-%: setup build
	@$(TRAINING) deploy $*

.PHONY: fetch $(DOMAINS:%=fetch-%)
fetch: $(DOMAINS:%=fetch-%) ## Download the real data into datasets/<domain>/raw
$(DOMAINS:%=fetch-%): fetch-%: setup-python
	@.venv/bin/python scripts/fetch_datasets.py $*

.PHONY: harper-up harper-down harper-users cluster-up cluster-down
harper-up: setup ## Start a local HarperDB on loopback, unless HARPER_URL names one
	@$(TRAINING) harper up
harper-down: ## Stop the local HarperDB; its data stays
	@$(TRAINING) harper down
harper-users: setup-python ## Make the user that pushes models and the one that only reads
	@$(TRAINING) users
cluster-up: setup ## Start three local nodes that replicate
	@$(TRAINING) harper cluster-up
cluster-down: ## Stop them; their data stays
	@$(TRAINING) harper cluster-down

# ---- what is built from source ----------------------------------------------------------------

.PHONY: build
build: artifacts/built/component artifacts/built/pages ## Bundle the custom function and its pages
artifacts/built/component: scripts/build_component.mjs package-lock.json $(call sources,$(FUNCTION)/lib) $(call sources,$(FUNCTION)/routes) $(call sources,$(FUNCTION)/http) $(wildcard $(FUNCTION)/*.*) | setup-node
	@npm run --silent build:component && mkdir -p $(@D) && touch $@
artifacts/built/pages: package-lock.json $(call sources,$(FUNCTION)/ui) $(FUNCTION)/lib/words.js $(FUNCTION)/lib/typos.js | setup-node
	@npm run --silent build:pages && mkdir -p $(@D) && touch $@

# ---- what a developer runs --------------------------------------------------------------------

.PHONY: test test-python test-js test-e2e test-bundles
test: test-python test-js test-e2e ## Run every test
test-python: setup-python ## Python, without a server
	@.venv/bin/python -m pytest -m "not e2e"
test-bundles: setup-python ## Make the small models that the tests below ask
	@.venv/bin/python -m tests.make_bundles
test-js: setup-node test-bundles ## JavaScript, without a server
	@npm run --silent test:js
test-e2e: setup build test-bundles ## On real HarperDB nodes, and in a real browser
	@.venv/bin/python -m pytest -m e2e

.PHONY: lint format check bench screenshots clean
lint: setup ## Look for mistakes: ruff, mypy, import-linter, ESLint, Prettier
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports && npm run --silent lint
format: setup ## Put the code into shape
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format . && npm run --silent format
check: lint test ## lint and test
bench: setup build test-bundles ## Measure, on this machine
	@npm run --silent bench
screenshots: setup build ## Write pictures of the pages into test-results/screenshots
	@node scripts/screenshots.mjs
clean: ## Remove what was made; the local HarperDB's data stays
	@rm -rf artifacts $(FUNCTION)/dist $(FUNCTION)/web test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis
