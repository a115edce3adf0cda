# Start with `make install`, `make run` and `make test`. They install a MariaDB server package if there is no database server, and print
# that they do. Every target can be run again at any time.

.DEFAULT_GOAL := help
.PHONY: help install run test prove stress-test clients bench mysql newcomer screenshots fuzz mutants lint image sbom

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

install: ## Build, and install `staygate` into ~/.cargo/bin
	@sh scripts/prepare.sh
	@sh scripts/build.sh install --path .

run: ## Build and start the server: http://127.0.0.1:8080 (ARGS="--listen ADDR --data-dir DIR")
	@sh scripts/prepare.sh
	@sh scripts/build.sh
	@echo "==> target/release/staygate serve $(ARGS)"
	@exec target/release/staygate serve $(ARGS)

test: ## Run all tests (ARGS="name": only those whose name contains it)
	@sh scripts/prepare.sh
	@sh scripts/test.sh $(ARGS)

# Modules and names of tests. Those that need external data are not included.
PROOFS = direct:: search_index:: row_cache:: races:: equality:: rush:: faults:: leaving:: healing:: outage:: idempotency:: pool:: plans:: loaders:: hostile:: siege:: large:: watchers:: documents:: executor_faults:: limits:: \
	http:: websocket:: an_expired_hold_blocks_no_guest

prove: ## Run the long tests of races, crashes, hangs and attacks: a release build, then up to 15 minutes
	@sh scripts/prepare.sh
	@PATH="$$PATH:$$HOME/.cargo/bin"; echo "==> cargo build --release --locked" && cargo build --release --locked
	@prometheus=$$(sh scripts/prometheus.sh); smtp=$$(sh scripts/smtp.sh); \
		STAYGATE_PROGRAM="$$PWD/target/release/staygate" STAYGATE_PROMETHEUS="$$prometheus" STAYGATE_AIOSMTPD="$$smtp" \
		sh scripts/test.sh --lib --test it --test transport -- $(PROOFS) $${prometheus:+prometheus::} $${smtp:+smtp::real_server} \
		--include-ignored --show-output

stress-test: ## Run all tests three times while four other processes use the CPU (ARGS="name"; ROUNDS, BUSY)
	@sh scripts/prepare.sh
	@sh scripts/stress.sh $(ARGS)

clients: ## Test with Apollo, urql, Relay, graphql-ws and schema tools, from clients/ (needs Node.js 20)
	@sh scripts/prepare.sh
	@sh scripts/clients.sh $(ARGS)

bench: ## Compare the server with its own SQL statements, or with a server on Node (PEER=DIR; ARGS="--city DIR": with a real city first)
	@sh scripts/prepare.sh
	@PATH="$$PATH:$$HOME/.cargo/bin"; cargo bench --locked --bench load -- $(if $(PEER),--peer "$(PEER)") $(ARGS)

mysql: ## Run all tests on MySQL (ARGS="name"; MYSQLD=/path/to/mysqld, else in a Debian that it creates, as root)
	@sh scripts/prepare.sh
	@sh scripts/mysql.sh $(ARGS)

newcomer: ## Run the commands of README.md in a new minimal Debian, as root (NEWCOMER="run" or "test": only one part)
	@sh scripts/newcomer.sh

screenshots: ## Test the pages in a browser and take screenshots (needs Chromium and Node.js 20)
	@sh scripts/screenshots.sh

fuzz: ## Fuzz the parsers of untrusted input, ten minutes each (TARGETS="documents", SECONDS_EACH=600)
	@sh scripts/fuzz.sh

mutants: ## Check that a test fails for each small change of the pure rules (ARGS="--file crates/types/src/money.rs")
	@sh scripts/mutants.sh $(ARGS)

# $(call if_installed,PROGRAM,COMMAND,CRATE)
if_installed = @if command -v $(1) >/dev/null; then echo "$(2)" && $(2); \
	else echo "$(1) is not installed, skipped. To install: cargo install --locked $(3)"; fi

lint: ## Check format, clippy and documentation; and licenses, advisories, unused dependencies and typos if the tools are installed
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	@echo "cargo metadata --locked (in fuzz/)" && cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items
	$(call if_installed,cargo-deny,cargo deny check,cargo-deny)
	$(call if_installed,cargo-machete,cargo machete --skip-target-dir,cargo-machete)
	$(call if_installed,typos,typos,typos-cli)

image: ## Build the container image and test it (docker, podman or buildah; BASE=debootstrap without a registry)
	@sh scripts/image.sh

sbom: ## Write the bill of materials to target/sbom (CycloneDX)
	@sh scripts/sbom.sh
