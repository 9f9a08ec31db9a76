# The project's verbs. `make run` and `make test` do all set-up themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PORT   ?= 8000
DOMAIN := messages
UV     ?= uv

.DEFAULT_GOAL := help
.PHONY: help setup run test coverage check check-types check-rest format openapi clients messages model bench storm lock

help: ## say what each verb does
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make the virtual environment with the locked dependencies

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which with PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY) ## serve the API with a demo clinic, and say what to try
	@$(BIN)/integration-api run --port $(PORT)

test coverage: export OPENBLAS_NUM_THREADS := 1 # two processes on two cores must not take each other's
test coverage: export PYTHONDONTWRITEBYTECODE := # else each of some fifty processes compiles all that it imports

test: $(READY) check ## every check, then every test on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n 2 --dist loadgroup --database sqlite
	$(BIN)/python -m pytest -n 2 --dist loadgroup --database postgresql -m "not database_free and not one_database"

coverage: $(READY) ## say which lines the tests on SQLite never reach
	@rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report= --database sqlite
	@$(BIN)/coverage report

check: $(READY) ## format, lint, types, import contracts, openapi.yaml against the code
	@$(MAKE) --no-print-directory --jobs=2 $(APART) check-types check-rest

APART := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) # old makes mingle what is said at the same time

check-types:
	$(BIN)/mypy

check-rest:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/integration-api openapi --check

format: $(READY) ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

openapi: $(READY) ## write openapi.yaml out from the code
	$(BIN)/integration-api openapi --write

clients: $(READY) ## generate the Python and TypeScript clients from openapi.yaml, into clients/
	$(BIN)/openapi-python-client generate --path openapi.yaml --config clients/python/config.yaml --meta none --overwrite \
	  --output-path clients/python/integration_journal_client
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory clients/typescript/schema.d.ts; \
	else echo "npm is missing, so there is no TypeScript client"; fi

clients/typescript/schema.d.ts: openapi.yaml clients/typescript/node_modules
	npm --prefix clients/typescript run --silent generate

clients/typescript/node_modules: clients/typescript/package-lock.json
	npm --prefix clients/typescript ci --no-audit --no-fund
	@touch $@

MESSAGES := integration_api/translations
messages: $(READY) ## bring the catalogs of translations up to date with the code
	$(BIN)/pybabel -q extract --mapping-file pyproject.toml --no-default-keywords --add-location file --sort-by-file \
	  --project integration-journal --version 1 --width 120 \
	  -k _ -k ngettext:1,2 -k said -k Sentence -k counted:1,2 -k Fault -k at:2 -k NotFound -k NotAllowed -k BeyondScope \
	  -k Unauthenticated -k Conflict -k Stale -k Expired -k NotTaken -k ValidationError --output $(MESSAGES)/$(DOMAIN).pot .
	@for each in en es; do $(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 120 --input-file $(MESSAGES)/$(DOMAIN).pot \
	  --output-file $(MESSAGES)/$$each/LC_MESSAGES/$(DOMAIN).po --locale $$each; done
	@rm $(MESSAGES)/$(DOMAIN).pot

model: $(READY) ## parse the lexicon, train the tagger from nlp/corpus and fit its weights
	$(BIN)/python -m nlp parse-lexicon
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m nlp train  # a process a core, which must not take each other's

bench: $(READY) bench/.medspacy ## measure speed, as ratios within one run, beside medSpaCy
	OPENBLAS_NUM_THREADS=1 $(BIN)/python bench/nlp_speed.py  # what is promised is promised of one core
	$(BIN)/python bench/growth.py
	$(BIN)/python bench/storm.py --posts 500 --kills 2

storm: $(READY) ## kill the server in a storm of 5,000 posts, and see that every acknowledged entry is there once
	$(BIN)/python bench/storm.py

bench/.medspacy: # medSpaCy pins an older spaCy and numpy, so it lives by itself
	-$(PYTHON) -m venv $@ && $@/bin/python -m pip install --quiet --disable-pip-version-check "medspacy==1.3.1" "numpy<2"

lock: ## compile requirements.txt from pyproject.toml (needs uv)
	$(UV) pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.txt \
	  --custom-compile-command "make lock" --no-annotate
