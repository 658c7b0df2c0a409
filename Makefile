# Everything a developer runs. Needs Python 3.11 or newer and make, nothing else.

VENV   := .venv
PYTHON := $(VENV)/bin/python
LOCK   := requirements-dev.lock
STAMP  := $(VENV)/.installed
LOCAL  := $(PYTHON) -m kapclinic.local
RUN    := $(LOCAL) run --
NAMES  := python3.13 python3.12 python3.11 python3 python3.14 python
ARGS   ?=
DAYS   ?= 1000
DAY    ?= 0
SEED   ?= 1
PLAN   ?=
SCALE  ?= 1
ROUNDS ?= 30
SHARE  ?= 0.05
SECONDS ?= 20
MINUTES ?= 16
TOOLS  := .venv-security

# A run starts some two hundred processes: each would compile all of our code again where nothing compiled may be kept.
KEPT   := env -u PYTHONDONTWRITEBYTECODE

INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps

# What production sets, for `manage.py check --deploy`; the databases come from the embedded pair.
DEPLOY := env -u KAP_EMBEDDED SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(60))') \
          FIELD_KEYS=$$($(PYTHON) -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())') \
          ALLOWED_HOSTS=clinic.example

.DEFAULT_GOAL := help
.PHONY: help demo test e2e security soak replay reached teeth bench group practice-trip scale-test restore-drill screenshots \
        check docs sbom audit lock format clean up down

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(STAMP) ## Open a demo clinic on PORT (8000); Ctrl-C closes it. KAP_DEMO_PASSWORD sets the password
	@exec $(PYTHON) -m kapclinic.local.demo

# Three at once on two cores: the long ones wait for processes that they killed.
test: $(STAMP) ## Run every test that needs no browser; ARGS="-k name" narrows it
	@exec $(KEPT) $(PYTHON) -m pytest -n 3 --dist worksteal $(ARGS)

e2e: $(STAMP) ## Run the browser tests (needs Debian's chromium)
	@if ls tests/e2e/test_*.py >/dev/null 2>&1; then exec $(PYTHON) -m pytest tests/e2e $(ARGS); \
	else echo "There are no browser tests yet."; fi

security: $(STAMP) ## Attack a clinic of two locations with schemathesis, sqlmap and bandit, MINUTES (16) long; read headers and cookies
	@test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/security/tools.txt \
	  || echo "Not every tool could be installed: what is lacking is said to have not run." >&2
	@KAP_SECURITY_TOOLS=$(TOOLS) $(PYTHON) -m tests.security.run --minutes $(MINUTES)

soak: $(STAMP) ## Live through DAYS (1000) simulated clinic days from SEED (1) on; a failure is shrunk and shown
	@exec $(PYTHON) -m tests.simulation.soak soak --days $(DAYS) --seed $(SEED)

replay: $(STAMP) ## Live one seed's world again up to DAY and show that day; PLAN=file lives a kept story
	@exec $(PYTHON) -m tests.simulation.soak replay --seed $(SEED) --day $(DAY) --plan "$(PLAN)"

reached: $(STAMP) ## How much code, and which rules, DAYS simulated clinic days from SEED on come through
	@exec $(PYTHON) -m tests.simulation.reached --days $(DAYS) --seed $(SEED)

teeth: $(STAMP) ## Plant known faults one by one and see that the simulated clinic finds each
	@exec $(PYTHON) -m tests.simulation.teeth --seed $(SEED)

bench: $(STAMP) ## Measure the hot jobs beside a bare and a plain server and write docs/benchmarks.md; SCALE=10 for more rows
	@exec $(PYTHON) -m tests.bench.run --scale $(SCALE)

scale-test: $(STAMP) ## Race, kill and move away several processes of each kind; ROUNDS (30) of each race
	@exec $(PYTHON) -m tests.scale.run --rounds $(ROUNDS)

group: $(STAMP) ## Make the database of a group of 200 locations after five years, or a SHARE (0.05) of it, as kap_group
	@exec $(PYTHON) -m tests.bench.group --share $(SHARE)

practice-trip: SHARE := 0.005
practice-trip: $(STAMP) ## Take a SHARE (0.005: one practice) of that group out as one archive and into an empty clinic again
	@exec $(PYTHON) -m tests.bench.trip --share $(SHARE)

restore-drill: $(STAMP) ## Lose a clinic with its machine and bring it back from a backup; SECONDS (20) of work before it is lost
	@exec $(PYTHON) -m kapclinic.local.drill --seconds $(SECONDS)

screenshots: $(STAMP) ## Open a demo and write the pictures of docs/img (needs Debian's chromium and poppler-utils)
	@exec $(PYTHON) -m tests.e2e.pictures

check: $(STAMP) ## Format, lint, types, import contracts, migrations, deployment, generated documents
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(RUN) $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(RUN) $(PYTHON) manage.py makemigrations --check --dry-run
	$(RUN) $(DEPLOY) $(PYTHON) manage.py check --deploy --fail-level WARNING
	$(RUN) $(PYTHON) manage.py spectacular --validate --fail-on-warn --file $(VENV)/openapi.yaml
	diff -u docs/openapi.yaml $(VENV)/openapi.yaml
	$(RUN) $(PYTHON) manage.py permissions_matrix --check
	$(RUN) $(PYTHON) manage.py states --check
	$(PYTHON) -m tests.ui.typed

docs: $(STAMP) ## Write docs/openapi.yaml, permissions.md and states.md again
	$(RUN) $(PYTHON) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	$(RUN) $(PYTHON) manage.py permissions_matrix --write
	$(RUN) $(PYTHON) manage.py states --write

sbom: $(STAMP) ## Write sbom.json: what the image is made of, as CycloneDX
	@exec $(PYTHON) -m kapclinic.local.sbom

audit: $(STAMP) ## Look for known vulnerabilities of the locked packages; says so when it can't
	@exec $(PYTHON) -m kapclinic.local.audit

lock: ## Pin every dependency with its hash again (needs uv)
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes \
	  --custom-compile-command "make lock" -q pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes \
	  --custom-compile-command "make lock" -q pyproject.toml --extra observe -o requirements-observe.lock
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --generate-hashes \
	  --custom-compile-command "make lock" -q pyproject.toml --extra dev -o requirements-dev.lock

format: $(STAMP) ## Format the code and mend what the linter can
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

up: $(STAMP) ## Start the embedded PostgreSQL and Valkey
	@$(LOCAL) up

down: ## Stop them
	@if [ -x $(PYTHON) ]; then $(LOCAL) down; fi

clean: down ## Stop the servers; remove the venv, the embedded data and every cache
	@if [ -x $(PYTHON) ]; then $(LOCAL) erase; fi
	rm -rf $(VENV) $(TOOLS) .kap .static .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per lock: a changed lock gives a new venv, so nothing of the old one stays behind. The locked pip comes first:
# the one that a Python brings looks through a package's files for far longer. The lock is whole, so nothing is resolved,
# and each core installs a half; `pip check` says what the lock lacks.
$(STAMP): $(LOCK)
	@found=; for name in $(NAMES); do \
	  if command -v $$name >/dev/null 2>&1 && \
	     $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$name; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "Python 3.11 or newer is needed, and none was found." >&2; exit 1; fi; \
	if ! $$found -c 'import venv, ensurepip' 2>/dev/null; then \
	  echo "$$found cannot make a virtual environment: install python3-venv (Debian, Ubuntu) and try again." >&2; \
	  exit 1; \
	fi; \
	echo "- installing the locked dependencies with $$found (once)"; \
	rm -rf $(VENV) && $$found -m venv $(VENV) && \
	awk -v part=$(VENV)/lock. '/^[^ #]/ { n = /^pip==/ ? 0 : 1 + turn++ % 2; on = 1 } on { print > (part n) }' $(LOCK) && \
	$(INSTALL) -r $(VENV)/lock.0 && \
	{ $(INSTALL) -r $(VENV)/lock.1 & one=$$!; $(INSTALL) -r $(VENV)/lock.2; two=$$?; wait $$one && [ $$two = 0 ]; } && \
	$(PYTHON) -m pip check --disable-pip-version-check && touch $(STAMP)
