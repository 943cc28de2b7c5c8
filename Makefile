# `make test` runs every check, the same as in CI. `make` without a target lists the targets.
# Tools for the tests that do not need root are downloaded into a cache folder outside this folder
# (JATAH_CACHE).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

step := tests/tools/step.sh
# In CI Cargo.lock must not change.
locked := $(if $(CI),--locked)
# A real MongoDB for the tests, installed or downloaded. The steps below get its path through the
# environment.
mongod = MONGOD="$$(tests/tools/mongod.sh)"; export MONGOD

export CARGO_TERM_PROGRESS_WHEN ?= never
test_timeout ?= 300000

.PHONY: help test steps needs fmt fmt-check lint doc unit build web e2e dist torture bench fuzz release-check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

test: ## run every check: format, lints, docs, Rust tests, page tests and end-to-end tests
	@tests/tools/needs.sh
	@started=$$SECONDS; $(mongod); $(MAKE) steps; printf '\n== make test: all done in %d s\n' $$((SECONDS - started))

steps: fmt-check lint doc unit build web e2e

needs: ## list the missing programs that only root can install
	@tests/tools/needs.sh

fmt: ## format the Rust code
	@cargo fmt

fmt-check: ## fail if `make fmt` would change a file
	@$(step) 'cargo fmt --check' cargo fmt --check

lint: ## run clippy; a warning fails
	@$(step) 'cargo clippy' cargo clippy --quiet $(locked) --all-targets -- -D warnings

doc: ## build the documentation; a warning (a dead link, say) fails
	@RUSTDOCFLAGS='-D warnings' $(step) 'cargo doc' cargo doc --quiet $(locked) --no-deps

unit: ## run the tests in Rust, with a real mongod
	@$(mongod); $(step) 'cargo test' cargo test --quiet $(locked)

build: ## build the binary that the end-to-end tests start
	@$(step) 'cargo build' cargo build --quiet $(locked)

web: ## run the tests of the pages' modules
	@files="$$(find tests/web tests/torture -name '*.test.*js' 2>/dev/null | sort)"; \
	[[ -n $$files ]] || { echo 'make web: no test in tests/web' >&2; exit 1; }; \
	$(step) 'tests of the pages' node --test --test-reporter=$(reporter) --test-timeout=60000 $$files

e2e: build ## run the end-to-end tests: the real binary, on SQLite and MongoDB, with a browser; E2E=FILE... for some
	@tests/tools/needs.sh
	@$(mongod); tests/tools/node.sh >/dev/null; \
	$(step) 'end-to-end tests' node --test --test-reporter=$(reporter) --test-concurrency=2 --test-timeout=$(test_timeout) \
	  $(or $(E2E),tests/e2e/*.test.mjs)

dist: ## build the release binary and the Debian package, in target/dist
	@$(step) 'cargo build --release' cargo build --quiet --release $(locked) --bin jatah
	@packaging/deb.sh $(or $(CARGO_TARGET_DIR),target)/release/jatah $(or $(CARGO_TARGET_DIR),target)/dist

torture: build ## let servers, databases, mail and clocks fail while people act, then audit; SECONDS=60 SEED=1 RUNS=1 STORE= FAULTS= MEMBERS=1 NODES=1
	@$(mongod); tests/tools/node.sh >/dev/null; \
	node tests/torture/run.mjs --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1) --repeat $(or $(RUNS),1) \
	  $(if $(STORE),--store $(STORE)) $(if $(FAULTS),--faults $(FAULTS)) --members $(or $(MEMBERS),1) --nodes $(or $(NODES),1)

bench: ## measure the figures of docs/figures.md, each beside a reference of the same run
	@$(mongod); RUST_LOG=warn cargo bench --quiet --bench figures && cargo bench --quiet --bench decisions

fuzz: ## fuzz each parser of foreign bytes for FUZZ_SECONDS (60); FUZZ=TARGET... for some; needs `cargo install cargo-fuzz --locked`, no nightly
	@for target in $(or $(FUZZ),$(patsubst fuzz/fuzz_targets/%.rs,%,$(wildcard fuzz/fuzz_targets/*.rs))); do \
	  mkdir -p fuzz/target/found/$$target; \
	  cargo fuzz run -s none $$target fuzz/target/found/$$target fuzz/corpus/$$target -- \
	    -max_total_time=$(or $(FUZZ_SECONDS),60) -max_len=$(or $(FUZZ_BYTES),2000) -timeout=10 -print_final_stats=1 || exit 1; \
	done

release-check: ## what takes longer than `make test`, before a release: the release build, the figures, the fuzzer, torture
	@$(step) 'cargo build --release' cargo build --quiet --release $(locked)
	@$(MAKE) bench
	@$(MAKE) fuzz FUZZ_SECONDS=$(or $(FUZZ_SECONDS),120)
	@$(MAKE) torture SECONDS=300 FAULTS= MEMBERS=1 NODES=1
	@$(MAKE) torture SECONDS=300 SEED=2 FAULTS=all MEMBERS=3 NODES=3

# Print every test by its name, on a developer's machine and in CI.
reporter ?= spec
