# Everything one does with this repository. `make` alone lists it.

CARGO  ?= cargo
PREFIX ?= /usr/local
TARGET := $(or $(CARGO_TARGET_DIR),target)
BENCH_TARGET := $(abspath $(TARGET))/bench
BENCH := --manifest-path bench/Cargo.toml --target-dir $(BENCH_TARGET) --locked
# Without libFuzzer, which needs a toolchain of its own.
FUZZ := --manifest-path fuzz/Cargo.toml --target-dir $(TARGET)/fuzz --locked --no-default-features

.DEFAULT_GOAL := help
.PHONY: help setup build demo test check bench bench-rivals bench-log bench-check voice-table crash-test power-cut-test fault-test corpus fuzz fmt clippy doc deny hal-proof systemd ci long install clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what building, testing and checking needs (Debian packages, cargo-deny)
	@scripts/setup --check

build: ## Build the release binaries
	$(CARGO) build --release --locked --workspace

demo: ## Send two texts and read out a code in a call, through simulated modems; see and hear what the phones got
	@scripts/demo

test: ## Run all tests; installs the programs they need
	@scripts/setup
	@scripts/test --locked
	@$(MAKE) --no-print-directory corpus hal-proof systemd

check: ## Format, lints, docs, dependencies: what CI wants besides the tests
	@scripts/setup --check
	@$(MAKE) --no-print-directory --keep-going fmt clippy doc deny hal-proof systemd bench-check

fmt:
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path bench/Cargo.toml --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check

clippy:
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy $(BENCH) --all-targets -- -D warnings
	$(CARGO) clippy $(FUZZ) --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

deny: ## Judge the dependencies: licences, duplicates, sources, known vulnerabilities
	@scripts/check-deny

# The lock file of the workspace serves the proof too: both build the same versions.
hal-proof: ## Prove that ringpost-hal needs neither std nor alloc
	cp Cargo.lock hal/proof/Cargo.lock
	$(CARGO) build --manifest-path hal/proof/Cargo.toml --target-dir $(TARGET)/proof

systemd: ## Check unit, account, folders and udev rules with systemd's own tools
	@scripts/check-systemd

# What a benchmark compares must read right before it is timed; here it runs once.
bench-check:
	$(CARGO) test $(BENCH) --all-targets --quiet

bench: ## Measure codec, outbox, store and HTTP, and print what was promised beside it (ONLY=share: one part)
	@$(MAKE) --no-print-directory build
	$(if $(ONLY),,CRITERION_HOME=$(BENCH_TARGET)/criterion $(CARGO) bench $(BENCH) --bench codec --bench tone)
	$(CARGO) run --release $(BENCH) --bin ringpost-bench -- gateway $(BENCH_TARGET) $(TARGET)/release/ringpost $(ONLY)

bench-rivals: ## Measure beside smstools and gammu-smsd, on the same simulated modems (ONLY=smstools: one of them)
	@scripts/setup --rivals
	@$(MAKE) --no-print-directory build
	$(CARGO) run --release $(BENCH) --bin ringpost-bench -- rivals $(BENCH_TARGET) $(TARGET)/release/ringpost $(ONLY)

bench-log: build ## Measure pages of a System Log of ten million events; it is made once, of some gigabytes
	$(CARGO) run --release $(BENCH) --bin log -- $(BENCH_TARGET) $(TARGET)/release/ringpost

corpus: ## Replay what earlier fuzzing kept
	$(CARGO) test $(FUZZ)

fuzz: ## Feed the codecs whatever libFuzzer thinks of (FUZZ_SECONDS for each target, FUZZ_TARGET for one)
	@scripts/setup --fuzz
	@FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) scripts/fuzz $(FUZZ_TARGET)

ci: ## Run what CI runs
	@.ci/run

long: ## Run the property tests with a hundred times the cases, a million stories of a message, and eight calls at one time
	PROPTEST_CASES=25600 $(CARGO) test --release --locked --workspace
	PROPTEST_CASES=1000000 $(CARGO) test --release --locked --lib outbox::step
	PROPTEST_CASES=100000 $(CARGO) test --release --locked --lib system_log
	RINGPOST_CALL_SECONDS=60 $(CARGO) test --release --locked --lib simulated::sound -- --nocapture

voice-table: ## Compare voices, rates, pitches and pauses by a recogniser of speech, and digits with each other
	RINGPOST_VOICES=1 $(CARGO) test --release --locked --test it voice:: -- --nocapture

crash-test: ## Kill the daemon N (200) times while messages go through it
	RINGPOST_KILLS=$(or $(N),200) $(CARGO) test --release --locked --test it crash -- --nocapture

power-cut-test: ## Cut the power N (200) times while messages go through: what was not synced is lost
	RINGPOST_CUTS=$(or $(N),200) $(CARGO) test --release --locked --test it power_cut -- --nocapture

fault-test: ## Let N (2000) messages through eight modems that do everything wrong
	RINGPOST_MESSAGES=$(or $(N),2000) $(CARGO) test --release --locked --test it faults::nothing -- --nocapture

install: ## Install binary, unit, account, udev rules and example configuration (DESTDIR, PREFIX)
	@test -x $(TARGET)/release/ringpost || { echo "no binary: run 'make build' first" >&2; exit 1; }
	install -Dm755 $(TARGET)/release/ringpost $(DESTDIR)$(PREFIX)/bin/ringpost
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|=/usr/bin/ringpost |=$(PREFIX)/bin/ringpost |' systemd/ringpost.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/ringpost.service
	install -Dm644 systemd/ringpost.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/ringpost.conf
	install -Dm644 systemd/ringpost.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/ringpost.conf
	install -Dm644 systemd/78-ringpost.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/78-ringpost.rules
	@test -e $(DESTDIR)/etc/ringpost/ringpost.toml || \
		install -Dm644 systemd/ringpost.toml $(DESTDIR)/etc/ringpost/ringpost.toml
	@echo "Installed. Once, as root:"
	@echo "  systemd-sysusers; systemd-tmpfiles --create; udevadm control --reload; udevadm trigger"
	@echo "  systemctl daemon-reload; systemctl enable --now ringpost"

clean: ## Remove what was built
	$(CARGO) clean
	rm -rf .demo fuzz/target hal/proof/target hal/proof/Cargo.lock
