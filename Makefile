# Set-up and the usual commands. The logic is TypeScript (packages/devstack); this file holds what must run before it is compiled.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help quickstart setup install build up down check test chaos bench-recovery bench-sync bench-train bench-slow-link study-combiners bench-engine bench-fused bench-optimizer bench-kernels bench-history quality-fixture bench-generation

STACK := npx tributary
SETUP := node packages/devstack/dist/setup.js
# What training needs; Prometheus is built in the background by `up` where it is missing.
TRAINING := build tensorflow postgres nats-server temporal-server

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 24

quickstart: install ## set up, start everything, train examples/words.yaml and show it
	@$(SETUP) $(TRAINING)
	@$(STACK) up
	@$(STACK) launch examples/words.yaml --watch

setup: install ## everything that is downloaded or built once: packages, TensorFlow, servers
	@$(SETUP) $(TRAINING) prometheus

# `npm ci` only when the lock file has changed since the last time; then just enough is compiled for the rest to run.
install:
	@sh infra/check-node.sh
	@cmp -s package-lock.json node_modules/.tributary-lock || { \
	  echo "npm ci: installing packages (usually 1 minute, once)"; \
	  npm ci --no-progress --loglevel=error && cp package-lock.json node_modules/.tributary-lock; }
	@npx tsc -b packages/devstack
	@$(SETUP) relink

build: install ## compile all packages and bundle the workflows
	@$(SETUP) build

up: ## start the servers, the services and the workers
	@$(STACK) up

down: ## stop them; data stays
	@$(STACK) down

check: install ## format, lint, types, package boundaries
	@npx biome ci .
	@npx tsc -b
	@npx tsc -p tsconfig.test.json
	@npx eslint .
	@npx depcruise --config .dependency-cruiser.cjs packages services

test: setup ## set up, then every test on real servers
	@$(SETUP) swiftshader versitygw mlflow chromium
	@npx vitest run

# Options for it: make chaos ARGS="--seed 7 --runs 3 --faults 10"; --help names the others
chaos: install ## train under a seeded schedule of faults, held to a run without any (50 minutes)
	@$(SETUP) build tensorflow postgres nats-server temporal-server
	@npx tsc -p test/chaos
	@node test/chaos/dist/chaos/main.js $(ARGS)

# Options for it: make bench-recovery ARGS="--kills 10 --steps 400 --every 5"
bench-recovery: install ## the loss of a training process beside torchrun's restart (10 minutes; PyTorch is 3 GB to fetch, once)
	@$(SETUP) build tensorflow postgres nats-server temporal-server bench-python
	@npx tsc -p test/chaos
	@node test/chaos/dist/chaos/recovery.js $(ARGS)

# Options for it: make bench-sync ARGS="--processes 2 --mb 4.7,20 --codecs fp32,int8 --rounds 2"
bench-sync: install ## the gradient exchange beside Gloo and a naive all-reduce (5 minutes; PyTorch is 3 GB to fetch, once)
	@$(SETUP) build nats-server bench-python
	@node test/bench/sync.mjs $(ARGS)

# Options for it: make bench-train ARGS="--cases gru-small --codecs fp32,int8 --rounds 3 --skip-compile"
bench-train: install ## training on two workers beside PyTorch's DistributedDataParallel (10 minutes; PyTorch is 3 GB to fetch, once)
	@$(SETUP) build tensorflow nats-server bench-python
	@node test/bench/train.mjs $(ARGS)

# Options for it: make bench-slow-link ARGS="--rate 50 --delay 40 --steps 800 --slow-steps 100 --tasks replicas"
bench-slow-link: install ## dense training and DiLoCo over 50 Mbit/s and 40 ms, beside loopback (12 minutes; Linux with ip and tc)
	@$(SETUP) build tensorflow nats-server
	@node test/bench/slow-link.mjs $(ARGS)

# Interrupted, it goes on where it was. Options for it: make study-combiners ARGS="--seeds 1,2 --methods 'pcgrad;cagrad'"
study-combiners: install ## ways of combining tasks on the words tasks, three seeds each (15 minutes)
	@$(SETUP) build tensorflow nats-server
	@node test/bench/study-combiners.mjs $(ARGS)

# Options for it: make bench-engine ARGS="--cases gru-small --threads 1,2 --rounds 9 --skip-compile"
bench-engine: install ## a training step beside PyTorch and op-by-op TensorFlow.js (30 minutes; PyTorch is 3 GB to fetch, once)
	@$(SETUP) build tensorflow bench-python
	@node test/bench/engine.mjs $(ARGS)

bench-optimizer: install ## an optimizer's update beside JavaScript and PyTorch's fused one (5 minutes; PyTorch is 3 GB to fetch, once)
	@$(SETUP) build bench-python
	@node test/bench/optimizer.mjs --torch $(ARGS)

bench-fused: install ## what each fused formulation of the recurrent models saves (2 minutes)
	@$(SETUP) build tensorflow
	@node test/bench/fused-choices.mjs $(ARGS)

bench-kernels: build ## the exchange's sums and codes in WebAssembly beside JavaScript (2 minutes)
	@node test/bench/kernels.mjs $(ARGS)

# Options for it: make bench-history ARGS="--scale 0.02 --cases page,series"
bench-history: install ## the experiment history beside MLflow's server (30 minutes; MLflow is 250 MB to fetch, once)
	@$(SETUP) build postgres nats-server temporal-server bench-mlflow
	@node test/bench/history.mjs $(ARGS)

quality-fixture: install ## the scores of sacrebleu and rouge-score that the metrics of quality are held to, written anew (1 minute)
	@$(SETUP) build python-quality
	@node test/support/write-quality-fixture.mjs

bench-generation: install ## what each search costs beside greedy generation (2 minutes)
	@$(SETUP) build tensorflow
	@node test/bench/generation.mjs $(ARGS)
