# make demo         try Consentry out: server, sample product, sample apps
# make test         every check and every test
# make check        the quick half: linters, types, import contracts
# make conformance-server  starts a server for the OpenID Foundation's conformance suite (examples/conformance)
# make bench        measures Consentry beside its peers, and writes docs/benchmarks.md; takes about half an hour
# make screenshots  takes the pictures in docs/images anew
#
# The first of each sets up what it needs (scripts/setup).

.PHONY: demo test check bench conformance-server screenshots
.DEFAULT_GOAL := demo

LOCKS := requirements/uv.lock requirements/build.lock pyproject.toml scripts/setup
CLIENTS := tests/clients/node/package.json tests/clients/node/package-lock.json

demo: .venv/runtime.stamp
	exec .venv/bin/consentry demo $(if $(PORT),--port $(PORT))

test: .venv/tests.stamp check
	.venv/bin/pytest -n 2 --dist loadfile

check: .venv/checks.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: .venv/checks.stamp
	scripts/setup bench
	bench/.venv/bin/python bench/run_all.py

conformance-server: .venv/runtime.stamp
	exec .venv/bin/python examples/conformance/start.py $(if $(ISSUER),--issuer $(ISSUER)) $(if $(CLIENTS_FILE),--clients $(CLIENTS_FILE)) \
		$(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT))

screenshots: .venv/tests.stamp
	SCREENSHOTS=docs/images .venv/bin/pytest tests/browser/test_screenshots.py

.venv/runtime.stamp: $(LOCKS) requirements/runtime.lock
	scripts/setup runtime
	@touch $@

.venv/checks.stamp: $(LOCKS) requirements/dev.lock
	scripts/setup checks
	@touch $@

.venv/tests.stamp: .venv/checks.stamp $(CLIENTS)
	scripts/setup tests
	@touch $@
