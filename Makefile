.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?=
DATA ?=
BASE ?=
ONLY ?=

# What only builds, and what of it nothing else needs.
BUILD_LOCK := .ci/requirements-build.lock
BUILDERS := $(shell bash -c "grep -o '^[a-z0-9-]*==' $(BUILD_LOCK) | grep -vxFf <(grep -o '^[a-z0-9-]*==' requirements.lock) | tr -d =")
LEAVE = if test -e $(BIN)/uv; then $(BIN)/uv pip uninstall --quiet --python $(BIN)/python uv $(BUILDERS); \
	else $(BIN)/python -m pip uninstall --quiet --disable-pip-version-check --yes $(BUILDERS); fi

# A stamp holds the checksum of what was installed, so that a later call starts at once.
RUN_STAMP := $(VENV)/.run-$(shell cat requirements.lock $(BUILD_LOCK) pyproject.toml saywho/__init__.py | cksum | cut -d' ' -f1)
SPARK_VENV := .venv-spark
SPARK_STAMP := $(SPARK_VENV)/.spark-$(shell cat requirements.lock requirements-dev.lock requirements-spark.lock pyproject.toml | cksum | cut -d' ' -f1)
DEV_STAMP := $(VENV)/.dev-$(shell cat requirements.lock requirements-dev.lock pyproject.toml | cksum | cut -d' ' -f1)

# Tests of one module share a process (tests/selection.py), those that take long begin. Whatever the
# environment says, compiled modules are kept: the tests start hundreds of processes.
TEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --dist loadscope --no-loadscope-reorder --durations $(if $(ONLY),5,25)
# One module needs no second process, which would import all that the first one does.
TOGETHER := -n $(if $(filter 1,$(words $(ONLY))),$(if $(filter %.py,$(ONLY)),0,auto),auto)

$(RUN_STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "saywho needs Python 3.11 or later; try: make PYTHON=python3.11 …")'
	@# The first start would wait until it is compiled.
	@$(PYTHON) -m compileall -q app saywho > /dev/null 2>&1 &
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# Most of it is never imported: compiling it all would take half of the time.
	$(BIN)/python .ci/packages.py --no-compile --require-hashes -r requirements.lock -r $(BUILD_LOCK)
	$(BIN)/python .ci/packages.py --no-compile --no-deps --no-build-isolation --editable .
	@# Nothing needs them until packages change, and uv has 37 MB.
	@$(LEAVE)
	@rm -f $(VENV)/.run-* && touch $@

$(DEV_STAMP): $(RUN_STAMP)
	$(BIN)/python .ci/packages.py --no-compile --require-hashes -r requirements-dev.lock
	@rm -f $(VENV)/.dev-* && touch $@

# It finds all that is installed beside it, so that pip adds only what Spark needs.
$(SPARK_STAMP): $(DEV_STAMP)
	@rm -rf $(SPARK_VENV) && $(PYTHON) -m venv --without-pip $(SPARK_VENV)
	@echo "import site; site.addsitedir('$$(cd $(VENV)/lib/python*/site-packages && pwd)')" > $$(echo $(SPARK_VENV)/lib/python*/site-packages)/beside.pth
	$(SPARK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@touch $@

.PHONY: help
help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

.PHONY: install
install: $(RUN_STAMP)

.PHONY: run
run: $(RUN_STAMP) ## serve on http://127.0.0.1:8000 (HOST=, PORT=, WORKERS= change it; BROWSER=0: open none)
	@$(BIN)/saywho serve --sample --bind $(HOST):$(PORT) $(if $(WORKERS),--workers $(WORKERS)) $(if $(filter 0,$(BROWSER)),--no-browser)

HAS_JAVA := java -version >/dev/null 2>&1

.PHONY: ready
ready: $(DEV_STAMP) ## install all that tests need, without running them
	@bash tests/install.sh chromium headless proxies w3m || true
	@if $(HAS_JAVA); then $(MAKE) --no-print-directory $(SPARK_STAMP); fi
	@# Compiles tests and templates once; each process of `make test` would do it for itself.
	@$(TEST) -n 0 -q --collect-only > /dev/null || true
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m tests.quick_start || true

.PHONY: test
test: $(DEV_STAMP) ## run the quick tests, or all of a part: ONLY=FOLDER (installs Chromium by the package manager when root)
	@bash tests/install.sh chromium headless $(if $(ONLY),proxies w3m) || true
	@TIMEFORMAT='%R %U %S'; \
	{ time $(TEST) $(TOGETHER) -m '$(if $(ONLY),,not later and )not full and not soak' $(ONLY) 2>&3; } 3>&2 2> $(VENV)/.test-seconds$(if $(ONLY),-of-a-part)

.PHONY: test-later
test-later: $(DEV_STAMP) ## run the tests that make test leaves out (installs HAProxy, nginx and PgBouncer when root)
	@bash tests/install.sh chromium headless proxies w3m || true
	@$(TEST) $(TOGETHER) -m 'later and not full and not soak' $(ONLY)

.PHONY: near
near: $(DEV_STAMP) ## run the tests of the folders that differ from main (git diff)
	@only=$$($(BIN)/python -m tests.near) && $(MAKE) --no-print-directory test ONLY="$$only"

.PHONY: test-full
test-full: $(DEV_STAMP) ## run all tests, on Spark where Java is, and those of make test and test-later with Python 3.12 and 3.13
	@bash tests/install.sh chromium headless proxies w3m || true
	@$(TEST) $(TOGETHER) -rs -m 'not soak' $(ONLY)
	@if [ -n "$(ONLY)" ]; then :; elif $(HAS_JAVA); then $(MAKE) --no-print-directory test-spark; else echo "no Java: nothing was tested on Spark"; fi
	@for version in $(if $(ONLY),,3.12 3.13); do ! python=$$(bash tests/python.sh $$version) || $(MAKE) --no-print-directory test test-later PYTHON=$$python VENV=.venv-$$version || exit 1; done
	@if [ -z "$(ONLY)" ]; then $(MAKE) --no-print-directory test-floors; fi

LOWEST := $(VENV)-lowest
# They use each of the packages.
FLOORS := tests/asgi tests/db tests/runtime tests/views/site tests/views/test_pages.py tests/examples \
	tests/formats/test_bluesky_repo.py tests/formats/test_feed_items.py tests/formats/test_journals.py tests/formats/test_workbook.py

.PHONY: test-floors
test-floors: $(DEV_STAMP) ## run some tests on the lowest version of each package that pyproject.toml allows
	@$(BIN)/python -m uv venv -q --clear --python $(BIN)/python $(LOWEST)
	@$(BIN)/python -m uv pip compile pyproject.toml --extra postgresql --resolution lowest-direct --no-header --no-annotate -q -o $(LOWEST)/lowest.txt
	@for file in requirements-dev.lock $(LOWEST)/lowest.txt; do $(BIN)/python -m uv pip install -q --python $(LOWEST)/bin/python --no-deps -r $$file || exit 1; done
	@$(BIN)/python -m uv pip install -q --python $(LOWEST)/bin/python --no-deps --editable .
	@$(LOWEST)/bin/python -m pytest -q -m 'not later and not full and not soak and not browser' $(FLOORS)

.PHONY: test-spark
test-spark: $(SPARK_STAMP)
	@PYTHONDONTWRITEBYTECODE= $(SPARK_VENV)/bin/python -m pytest --durations 5 tests/parts/spark

# From Python 3.12 on, lines are noted by sys.monitoring, which takes no time; some tests of times fail
# even so, which says nothing here.
COVERED := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m coverage run -m pytest --dist loadscope --no-loadscope-reorder -q
PERCENT := $(BIN)/coverage report --format total

.PHONY: coverage
coverage: ## print the share of lines that make test runs, and that it runs together with make test-later (needs Python 3.13)
	@python=$$(bash tests/python.sh 3.13) && $(MAKE) --no-print-directory covered PYTHON=$$python VENV=.venv-3.13

.PHONY: covered
covered: $(DEV_STAMP)
	@rm -f .coverage .coverage.*
	-@$(MAKE) --no-print-directory test TEST='$(COVERED)'
	@$(BIN)/coverage combine --quiet && echo "make test: $$($(PERCENT)) %"
	-@$(MAKE) --no-print-directory test-later TEST='$(COVERED)'
	@$(BIN)/coverage combine --quiet --append && echo "with make test-later: $$($(PERCENT)) %"

.PHONY: soak
soak: $(DEV_STAMP) ## for hours: seeds, planted bugs, kills, and inputs at random
	@$(TEST) -n auto -m soak
	@$(TEST) -n auto --hypothesis-profile many -m hypothesis
	@$(BIN)/python -m tests.trust.mutants
	@for site in "sqlite 100" "postgresql 100"; do $(BIN)/python -m tests.trust.histories $$site || exit 1; done
	@for each in "hostile 100000" "feeds 500" "uploads 300" "failovers 5" \
		"power 2000" disk_faults "stopped serve" "stopped hypercorn" "stopped postgresql" old_faults; do $(BIN)/python -m tests.trust.$$each || exit 1; done
	@$(BIN)/python -m tests.trust.memory 512 || test $$? = 2

.PHONY: accuracy
accuracy: $(DEV_STAMP) ## measure who-wrote-it on a file of posts: make accuracy DATA=FILE
	@test -n "$(DATA)" || { echo "make accuracy needs DATA=FILE, JSON lines with author, text, split, lang"; exit 2; }
	@$(BIN)/python -m benchmarks.accuracy "$(DATA)"
	@$(BIN)/python -m benchmarks.open_question "$(DATA)"

.PHONY: bench
ifneq ($(BASE),)
bench: $(DEV_STAMP) ## measure this program and its peers (BASE=COMMIT: only against that commit)
	@$(BIN)/python -m benchmarks.paired "$(BASE)"
else
bench: $(DEV_STAMP)
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.bulk
	@$(BIN)/python -m benchmarks.async_overhead
endif

.PHONY: lint
lint: $(DEV_STAMP) ## ruff and mypy, strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: house
house: $(DEV_STAMP) ## figures of the code's structure
	@$(BIN)/python -m tests.house

.PHONY: neighbours
neighbours: $(DEV_STAMP) ## run other programs beside saywho, both ways (installs them when root)
	@$(BIN)/python -m tests.neighbours

.PHONY: findings
findings: ## run the scripts about other people's packages, and print what has changed (ONLY=NAME: one)
	@$(PYTHON) -m tests.findings $(ONLY)

.PHONY: addresses
addresses: $(DEV_STAMP) ## write the table of addresses in docs/api.md
	@$(BIN)/python -m tests.addresses

.PHONY: format
format: $(DEV_STAMP) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: # pins the newest versions that fit into the lock files; needs uv
	echo uv | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q -o .ci/requirements-uv.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q -o requirements.lock
	printf '%s\n' editables 'hatchling>=1.27,<2' | uv pip compile - -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q -o $(BUILD_LOCK) # editables: for installs that follow the checkout
	uv pip compile pyproject.toml --extra dev -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q -o requirements-dev.lock
	uv pip compile pyproject.toml --extra spark -c requirements.lock -c requirements-dev.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -q -o requirements-spark.lock

.PHONY: wheel
wheel: $(RUN_STAMP) ## build the wheel and the source distribution into dist/
	@mkdir -p dist
	@rm -f dist/saywho-* # An image would get the older ones, too.
	@cp .ci/packages.py .ci/requirements-uv.lock requirements.lock dist/ # for the image
	@$(BIN)/python .ci/library.py > dist/requirements-library.txt
	@$(BIN)/python .ci/packages.py --no-compile --require-hashes -r requirements.lock -r $(BUILD_LOCK)
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/hatchling build -t wheel -t sdist -d dist
	@test -e $(DEV_STAMP) || { $(LEAVE); }

.PHONY: clean
clean: ## remove the virtual environment and all caches (data in instance/ stays)
	rm -rf $(VENV) $(SPARK_VENV) $(LOWEST) .pytest_cache .coverage* .mypy_cache .ruff_cache .hypothesis dist
	find app saywho tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
