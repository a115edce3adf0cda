# `make install`, `make run` and `make test` are all that a newcomer needs. They install a MariaDB server if there is no database at all,
# say so before they do, and can be repeated.

.DEFAULT_GOAL := help
.PHONY: help install run test prove stress-test clients bench mysql newcomer screenshots fuzz lint image sbom

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

install: ## Install what is missing, build, and put `staygate` on the PATH, in ~/.cargo/bin
	@sh scripts/prepare.sh
	@sh scripts/build.sh install --path .

run: ## Install what is missing, build, and start the server: http://127.0.0.1:8080 (ARGS="--listen ADDR --data-dir DIR")
	@sh scripts/prepare.sh
	@sh scripts/build.sh
	@echo "==> target/release/staygate serve $(ARGS)"
	@exec target/release/staygate serve $(ARGS)

test: ## Install what is missing and run all tests (ARGS="name" for some)
	@sh scripts/prepare.sh
	@sh scripts/test.sh $(ARGS)

# Modules of the tests, and names of single ones. What needs data from elsewhere is not among them.
PROOFS = races:: rush:: faults:: leaving:: healing:: outage:: idempotency:: pool:: plans:: loaders:: hostile:: siege:: large:: watchers:: documents:: bare:: limits:: \
	http:: websocket:: an_expired_hold_blocks_nobody

prove: ## Race, kill, freeze and attack the server, also for 30 s at a time: after a release build a quarter of an hour at the most
	@sh scripts/prepare.sh
	@PATH="$$PATH:$$HOME/.cargo/bin"; echo "==> cargo build --release --locked" && cargo build --release --locked
	@prometheus=$$(sh scripts/prometheus.sh); STAYGATE_PROGRAM="$$PWD/target/release/staygate" STAYGATE_PROMETHEUS="$$prometheus" \
		sh scripts/test.sh --lib --test it --test transport -- $(PROOFS) $${prometheus:+prometheus::} --include-ignored --show-output

stress-test: ## Run all tests three times while four processes keep the machine busy (ARGS="name" for some; ROUNDS, BUSY)
	@sh scripts/prepare.sh
	@sh scripts/stress.sh $(ARGS)

clients: ## Run Apollo, urql, Relay, graphql-ws and the tools of clients/ against a fresh server (needs Node.js 20)
	@sh scripts/prepare.sh
	@sh scripts/clients.sh $(ARGS)

bench: ## Measure the server beside the same statements without GraphQL and HTTP (ARGS="--city DIR" for a real city as well)
	@sh scripts/prepare.sh
	@PATH="$$PATH:$$HOME/.cargo/bin"; cargo bench --locked --bench load -- $(ARGS)

mysql: ## Run all tests on MySQL (ARGS="name" for some; MYSQLD=/path/of/a/server; else a Debian with one is made, as root)
	@sh scripts/prepare.sh
	@sh scripts/mysql.sh $(ARGS)

newcomer: ## Do what README.md says in a minimal Debian made for it, as root (NEWCOMER="run" or "test" for a half)
	@sh scripts/newcomer.sh

screenshots: ## Click through the pages with a browser and take pictures of them (needs Chromium and Node.js 20)
	@sh scripts/screenshots.sh

fuzz: ## Feed the readers of strangers' bytes with generated ones, ten minutes each (TARGETS="documents", SECONDS_EACH=600)
	@sh scripts/fuzz.sh

# $(call if_installed,PROGRAM,COMMAND,CRATE)
if_installed = @if command -v $(1) >/dev/null; then echo "$(2)" && $(2); \
	else echo "$(1) is not installed and was skipped: cargo install --locked $(3)"; fi

lint: ## Check format, clippy and documentation; licenses and advisories, unused dependencies and typos with the tools that are installed
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items
	$(call if_installed,cargo-deny,cargo deny check,cargo-deny)
	$(call if_installed,cargo-machete,cargo machete --skip-target-dir,cargo-machete)
	$(call if_installed,typos,typos,typos-cli)

image: ## Build the container image and serve with it (docker, podman or buildah; BASE=debootstrap without a registry)
	@sh scripts/image.sh

sbom: ## Write the bill of materials of a release to target/sbom (CycloneDX)
	@sh scripts/sbom.sh
