# roomctl: everything a person does with a checkout. `make run` and `make test` set up what they need.

VENV    := .venv
PYTHON  := $(VENV)/bin/python
TESTS   ?= tests
WORKERS ?= 2

.PHONY: run test wild check bench setup setup-dev lint types imports lock clean

run: setup ## start the demo room; prints the panel's address and a pairing code
	@$(PYTHON) -m roomctl run $(ARGS)

test: setup-dev ## the whole test suite
	@packaging/run-tests $(PYTHON) $(WORKERS) $(TESTS)

wild: setup-dev ## the property tests with examples nobody has seen; what they find becomes an example of its test
	@ROOMCTL_WILD=1 $(PYTHON) -m pytest -q -n $(WORKERS) tests/stimuli tests/playlists tests/roomctl

check: setup-dev lint types imports test ## the one gate

lint:
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .

types:
	@$(VENV)/bin/mypy

imports:
	@$(VENV)/bin/lint-imports

bench: setup-dev ## what DESIGN promises, beside what this machine reached
	@$(PYTHON) -m benchmarks

setup: $(VENV)/.run-ready
	@packaging/system-packages run

setup-dev: $(VENV)/.dev-ready $(VENV)/.homeassistant-ready
	@packaging/system-packages test

$(PYTHON):
	@packaging/make-venv $(VENV)

$(VENV)/.run-ready: requirements.lock pyproject.toml packaging/link-checkout | $(PYTHON)
	@echo "roomctl: installing what the room needs into $(VENV)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PYTHON) packaging/link-checkout
	@touch $@

$(VENV)/.dev-ready: requirements-dev.lock $(VENV)/.run-ready
	@echo "roomctl: installing what the tests need into $(VENV)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.homeassistant-ready: packaging/make-homeassistant | $(VENV)/.run-ready
	@packaging/make-homeassistant $(VENV)

lock: ## renew both locks from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --universal --no-emit-index-url --no-header --generate-hashes -p 3.11 -o requirements.lock -q
	@uv pip compile pyproject.toml --all-extras --group dev --universal --no-emit-index-url --no-header --generate-hashes \
		-p 3.11 -c requirements.lock -o requirements-dev.lock -q

clean:
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
