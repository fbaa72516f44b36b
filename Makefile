# make run, make test, make check, make bench, make faults. Everything is installed into .venv from the lock files.
PYTHON ?= python3
BIN := .venv/bin
CATALOGUES := $(wildcard translations/*/LC_MESSAGES/messages.po)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install run test lint check bench faults release screenshots catalogues orders lock browser imap-server spam-checker servers clean

help:
	@echo "make run      serve the site, the mail worker and a mailbox on this machine"
	@echo "make test     run every test, on SQLite and PostgreSQL, with real mail and a real browser"
	@echo "make check    lint, types, import rules, templates, structure; make lint  without the last"
	@echo "make bench    the figures; docs/performance.md says how to read them"
	@echo "make faults   break things, and look whether anything was lost"
	@echo "make release  what to publish, in dist/"
	@echo "make screenshots  the pictures in docs/screenshots/; make catalogues  after strings have changed"
	@echo "make orders   how lists of countries and languages are sorted, anew"
	@echo "make install  only what a public site needs: the locked packages and the translations"

install: .venv/installed .venv/translated

run: install
	@exec $(BIN)/flask --app wsgi serve --example examples/free-boris-kagarlitsky.md

test: .venv/installed-dev .venv/translated browser imap-server spam-checker servers
	$(BIN)/pytest --slow --durations=20

lint: .venv/installed-dev .venv/translated
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates

check: lint
	$(BIN)/pytest --slow tests/structure

bench: .venv/installed-dev .venv/translated servers
	$(BIN)/python -m bench

faults: .venv/installed-dev .venv/translated servers
	$(BIN)/python -m faults

release: .venv/installed-dev
	deploy/release.sh

screenshots: .venv/installed-dev .venv/translated browser
	$(BIN)/python -m tests.take_screenshots

# After strings have changed: every catalogue gets the new ones, empty, and loses those that are gone.
catalogues: .venv/installed
	$(BIN)/pybabel --quiet extract -k lazy -F translations/babel.cfg --no-location --sort-output -o messages.pot .
	$(BIN)/pybabel --quiet update -i messages.pot -d translations --no-fuzzy-matching --ignore-obsolete \
	  --ignore-pot-creation-date --width 110
	@rm messages.pot

# The stamps are touched last, so whatever was cut off half-way is done again by the next call.
.venv/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Countersign needs Python 3.11 or newer; try make PYTHON=python3.12")'
	@echo "Installing into .venv: this is done once and takes about a minute."
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

.venv/translated: $(CATALOGUES) .venv/installed
	@$(BIN)/pybabel --quiet compile -d translations
	@touch $@

# Tests use Debian's headless shell where we may install it, or the machine's browser; without one CI fails.
browser:
	@tests/install-browser.sh

# Dovecot looks for its parts where Debian puts them, so it is installed and not unpacked; without it CI fails.
imap-server:
	@tests/install-unstarted.sh dovecot dovecot-imapd "reading by IMAP"

# With the rules that come in its package; without it CI fails.
spam-checker:
	@tests/install-unstarted.sh spamassassin spamassassin "SpamAssassin on every e-mail"

# nginx and Redis, unpacked into .venv where the machine has none; without them CI fails.
servers: .venv/installed-dev
	@bench/install-servers.sh

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

# After Babel has brought other names of countries or languages, or ICU another order.
orders: .venv/installed-dev
	$(BIN)/python -m tests.write_name_order

clean:
	rm -rf .venv
