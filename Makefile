# `make` alone lists the targets. Everything works on a fresh Debian machine that has Rust.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One place for build output, shared by clones, unless you or your CI say otherwise.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/llamactl/target
# Where the lab keeps what it downloads: llama-server, ntfy, the newest SLURM, models.
export LLAMACTL_LAB ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/llamactl/lab
export PATH := $(PATH):/usr/sbin:/sbin

BINARY = $(CARGO_TARGET_DIR)/debug/llamactl
BIOME = $(LLAMACTL_LAB)/browser/node_modules/.bin/biome
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

.PHONY: help build demo test checks format lint doc deny advisories test-deps bench-deps demo-tools test-tools \
	lab-up lab-down bench screenshots generate dist clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

build: ## build llamactl (dev profile; the path of the binary is printed)
	@cargo build --locked
	@echo "$(BINARY)"

demo: ## the whole way, from submit to stop, on a SLURM of its own (KEEP=1 keeps the folder)
	@scripts/lab/deps.sh
	@$(MAKE) --no-print-directory demo-tools
	@cargo build --locked
	@LLAMACTL=$(BINARY) scripts/demo.sh

test: ## everything: format, lints, docs, licences, and all tests on real clusters
	@scripts/test.sh

checks: lint doc deny ## what needs no cluster: format and lints (Rust, JavaScript, CSS), docs, licences

format: ## format Rust, JavaScript and CSS
	@cargo fmt
	@scripts/lab/browser.sh
	@$(BIOME) format --write

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	@scripts/lab/browser.sh
	$(BIOME) ci --error-on-warnings

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet

# The same rules with and without cargo-deny (minutes to build: cargo install --locked cargo-deny).
deny:
	@if command -v cargo-deny >/dev/null; then cargo deny --locked --log-level error check bans licenses sources; \
	else scripts/licences.py; fi

advisories: ## known faults of dependencies; wants cargo-deny and the network
	cargo deny --locked check advisories

test-deps: ## install what the tests need (SLURM, PostgreSQL, Redis, Prometheus, mail, sshd …); root, or it says what to run
	@scripts/lab/deps.sh --tests

bench-deps: ## the same with what the benchmark compares with and measures by (etcd, wrk)
	@scripts/lab/deps.sh --tests --bench

demo-tools:
	@scripts/lab/tools.sh "$(LLAMACTL_LAB)/tools"
	@scripts/lab/tiny-model.py "$(LLAMACTL_LAB)/tiny.gguf"

test-tools: demo-tools ## fetch the real llama-server, ntfy, schemathesis, Apprise, a mail server, and what drives the browser, 30 s
	@scripts/lab/venv.sh
	@scripts/lab/exim.sh
	@scripts/lab/browser.sh

lab-up: test-deps test-tools ## start the tests' clusters and leave them up: then `cargo nextest run` works
	@mkdir -p $(CARGO_TARGET_DIR)
	@scripts/lab/labs.sh up "$(CURDIR)" "$(CARGO_TARGET_DIR)"

lab-down: ## stop what lab-up started
	@scripts/lab/labs.sh down

bench: bench-deps test-tools ## measure, with a release build (thin LTO), and write docs/performance.md
	@cargo build --locked --release
	@LLAMACTL=$(CARGO_TARGET_DIR)/release/llamactl scripts/bench.py --write docs/performance.md
	@LLAMACTL=$(CARGO_TARGET_DIR)/release/llamactl scripts/bench-registry.py --write docs/performance.md
	@LLAMACTL=$(CARGO_TARGET_DIR)/release/llamactl scripts/bench-dashboard.mjs --write docs/performance.md
	@cargo bench --locked --quiet --bench registry

screenshots: test-deps test-tools ## pictures of every view of the dashboard, into docs/screenshots/
	@scripts/lab/deps.sh --screenshots
	@cargo build --locked
	@LLAMACTL=$(BINARY) scripts/screenshots.sh docs/screenshots

generate: ## write completions/, man/, docs/openapi.json, docs/plugin-event.schema.json, the schemas in configs/ and dashboard/js/facts/models.js anew
	@cargo build --locked --quiet
	@$(BINARY) completions --dir completions
	@$(BINARY) man --dir man
	@$(BINARY) configs schema >configs/model.schema.json
	@$(BINARY) configs schema --settings >configs/settings.schema.json
	@$(BINARY) registry openapi >docs/openapi.json
	@$(BINARY) notify plugins schema >docs/plugin-event.schema.json
	@scripts/dashboard-models.py $(BINARY) >dashboard/js/facts/models.js

dist: ## a release with fat LTO, completions, manual pages and examples, as a tarball in dist/
	@cargo build --locked --profile dist
	@scripts/dist.sh "$(CARGO_TARGET_DIR)/dist/llamactl" "$(VERSION)"

clean: ## remove what was built here; the lab's downloads stay (rm -r ~/.cache/llamactl for those)
	@cargo clean
	@rm -rf dist
