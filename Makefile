# One verb per task; `make help` lists them. Each first does the set-up that it needs and leaves alone what is there already.
.DEFAULT_GOAL := help
.PHONY: help run down test unit e2e e2e-all e2e-cluster e2e-systemd simulate torture fuzz soak probes cluster transcripts check build bench install uninstall deb bundle inspect reproducible service-cost newcomer alerts monitoring audit clean machine libraries fields
MAKEFLAGS += --no-print-directory --no-builtin-rules

NODE := node_modules/.bin/node
# For what starts containers: in a chroot it first makes that the root of a mount namespace.
HOST := dev/own-root.sh $(NODE)
# Runs a program of dev/, or says what is missing.
program = @[ -e $(1) ] || { echo "$(1) is not there yet" >&2; exit 1; }; exec $(NODE) $(1)

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: machine build ## run examples/ on a private containerd and watch the pods come up (root)
	@exec $(HOST) dev/run.ts

down: libraries ## take away what `make run` started (root)
	@exec $(HOST) dev/down.ts

test: machine build ## all fast tests, end-to-end on containerd 2.x, the smoke list on the distribution's own (root)
	@exec $(HOST) dev/test.ts test $(ARGS)

unit: libraries ## the fast tests only
	@exec $(NODE) dev/test.ts unit $(ARGS)

e2e: machine build ## end-to-end tests only; ARGS=test/e2e/cli.test.ts for one file (root)
	@exec $(HOST) dev/test.ts e2e $(ARGS)

e2e-all: machine build ## end-to-end tests in full length on both containerd versions (root)
	@exec $(HOST) dev/test.ts e2e-all $(ARGS)

cluster: libraries ## a real control plane on loopback to try things with; its programs are compiled once, for minutes
	@exec $(NODE) dev/cluster/main.ts up

# Only what is said on the command line: nobody's own cluster is used because of a variable in the environment.
BORROWED = $(if $(filter command,$(origin KUBECONFIG)),$(KUBECONFIG))
e2e-cluster: machine build ## a node of a real control plane, its outages among others; KUBECONFIG=FILE for another one (root)
	@[ -n '$(BORROWED)' ] || $(NODE) dev/cluster/main.ts build
	@BERTH_CLUSTER_KUBECONFIG='$(BORROWED)' exec $(HOST) dev/test.ts e2e-cluster $(ARGS)

e2e-systemd: machine build ## the package on a booted Debian: service, upgrade, reboot, purge (root; debootstrap once)
	@exec $(HOST) dev/test.ts e2e-systemd $(ARGS)

simulate: libraries ## hours of a host full of trouble, each from one seed: SEEDS=20000 FROM=1
	@SEEDS='$(SEEDS)' FROM='$(FROM)' exec $(NODE) test/simulation/main.ts

torture: machine build ## every trouble of a real host, on a real containerd: MINUTES=20 RUNTIME=distro|2 (root)
	@MINUTES='$(MINUTES)' RUNTIME='$(RUNTIME)' FAULTS='$(FAULTS)' exec $(HOST) test/torture/main.ts

fuzz: libraries ## feed all that comes from outside with nonsense for MINUTES=5, a new seed each round
	@MINUTES='$(MINUTES)' exec $(NODE) test/fuzz/main.ts

soak: libraries build ## berthd under load for MINUTES=60 with PODS=100: memory, files and sockets must stay flat
	@MINUTES='$(MINUTES)' PODS='$(PODS)' exec $(NODE) test/load/soak.ts

probes: libraries build ## how punctual 200 probes a second are, for MINUTES=10, on a quiet machine
	@MINUTES='$(MINUTES)' exec $(NODE) test/load/probes.ts

transcripts: machine build ## write anew what the commands on the pages of docs/ print; PAGES=docs/command-line.md (root)
	@PAGES='$(PAGES)' exec $(HOST) dev/transcripts.ts

check: libraries build ## lint, types, the tidy test, memory of an idle berthd
	@node_modules/.bin/biome check --error-on-warnings
	@node_modules/.bin/tsc
	@$(NODE) node_modules/vitest/vitest.mjs run test/tidy.test.ts --reporter=dot
	$(call program,dev/idle-memory.ts)

build: libraries ## dist/berthd and dist/berth
	$(call program,dev/build.ts)

bench: machine build ## compare with a bare CRI client; ROWS=start50,rest50 AGENT='command {manifests} {endpoint} {root}' (root)
	@ROWS='$(ROWS)' AGENT='$(AGENT)' ROUNDS='$(ROUNDS)' exec $(HOST) dev/bench/main.ts

install: libraries build ## put the programs and the service into place; DESTDIR=, PREFIX=/usr/local
	@exec $(NODE) dev/package/install.ts

uninstall: libraries build ## take them away again; configuration, state and pods stay
	@exec $(NODE) dev/package/uninstall.ts

deb: libraries build ## Debian packages into dist/packages; ARCH=amd64,arm64 MAINTAINER="Name <mail@address>"
	@exec $(NODE) dev/package/deb.ts

bundle: libraries build ## an archive that installs Berth without a network: package, containerd, CNI plugins, pause image (root)
	@exec $(HOST) dev/package/bundle.ts

reproducible: libraries ## build the package of the last commit twice in different surroundings and compare
	@exec $(NODE) dev/package/reproducible.ts

inspect: libraries build ## the package: size, files, lintian, how exposed its service is (root; debootstrap once)
	@exec $(HOST) dev/package/inspect.ts

service-cost: machine build ## memory and CPU of the installed service at rest; PODS=50 MINUTES=10 (root, quiet machine)
	@PODS='$(PODS)' MINUTES='$(MINUTES)' exec $(HOST) dev/systemd/cost.ts

newcomer: machine build ## from a bare Debian to a first pod by README.md alone, with times; SUITE=trixie WRITE=1 (root)
	@SUITE='$(SUITE)' WRITE='$(WRITE)' exec $(HOST) dev/newcomer.ts

alerts: libraries ## check monitoring/ and run the tests of its alerts with Debian's promtool (root)
	@exec $(NODE) dev/monitoring/check.ts

monitoring: machine build ## a real Prometheus on a real berthd: every panel has data, alerts fire (root)
	@exec $(HOST) dev/monitoring/live.ts

audit: libraries ## ask the registry of npm for known holes in what is delivered
	@npm audit --omit=dev

fields: libraries ## how many fields of a pod are honoured, refused, without meaning
	@exec $(NODE) dev/fields.ts

clean: ## remove everything that was built, fetched or started here (root)
	@[ ! -e $(NODE) ] || $(HOST) dev/down.ts all
	@rm -rf dist coverage .work

machine:
	@dev/bootstrap.sh

libraries:
	@dev/bootstrap.sh libraries
