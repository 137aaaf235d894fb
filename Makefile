# The two commands of the README are `make demo` and `make test`; both install what they need.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: install demo test lint format bench openapi lock clean

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo '需要 Python 3.11 或更新 / Python 3.11 or newer is needed'; exit 1; }
	@$(PYTHON) -m venv .venv || { command -v apt-get >/dev/null && apt-get update -qq \
	  && apt-get install -y -qq python3-venv && $(PYTHON) -m venv .venv; }
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $(INSTALLED)

demo: install
	$(BIN)/tgj demo

test: install
	$(BIN)/pytest -n 2 --dist loadfile -q

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/tgj openapi --check

format: install
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: install
	$(BIN)/python -m benchmarks.dispatch_day
	$(BIN)/python -m benchmarks.dispatch --plots 1000 --cpu-seconds 30
	$(BIN)/python -m benchmarks.dispatch.replan
	$(BIN)/python -m benchmarks.coverage --sample 20
	$(BIN)/python -m benchmarks.income_read
	$(BIN)/python -m benchmarks.payout_run

openapi: install
	$(BIN)/tgj openapi

# Versions and hashes of every package, without the address of any registry.
lock: install
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet pyproject.toml --extra dev --universal --generate-hashes \
	  --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --output-file requirements.lock

clean:
	rm -rf .venv out build dist
