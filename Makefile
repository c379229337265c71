# gvr: generate versus retrieve.
#
#   make            builds ./gvr; installs nothing: names the packages that are missing
#   make deps       installs them (Debian's)
#   make demo       the main job on real documents; leaves build/demo/
#   make test       all tests
#
# demo, test and what measures install what is missing by themselves.
# SAN=address,undefined or SAN=thread builds with sanitizers in a folder of
# its own; CC=clang works; V=1 shows the commands; NODEPS=1 skips `make deps`.

CC ?= gcc
CXX ?= g++
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := $(if $(findstring clang,$(CC)),clang++,g++)
endif
PREFIX ?= /usr/local
OPT ?= -O3

comma := ,
flavour := $(or $(subst $(comma),-,$(SAN)),release)
BUILD ?= build/$(flavour)
LAYERS := build/layers
GVR := $(if $(filter build/release,$(BUILD)),gvr,$(BUILD)/gvr)

WARNINGS := -Wall -Wextra -Wshadow
# gcc's sanitizer checks make it see null pointers where there can be none; vptr
# looks at RocksDB's types, through pipes, which fails under ulimit -n
ifneq ($(SAN),)
WARNINGS += $(if $(findstring clang,$(CC)),,-Wno-format-truncation)
endif
COMMON := $(OPT) -g -D_GNU_SOURCE -ffp-contract=off -fno-strict-aliasing $(WARNINGS) \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
	$(if $(findstring undefined,$(SAN)),-fno-sanitize=vptr$(if $(findstring clang,$(CC)),$(comma)function))
override CFLAGS += -std=c11 -Wstrict-prototypes -Wvla $(COMMON)
override CXXFLAGS += -std=c++17 $(COMMON)
override LDLIBS += -lrocksdb -lzstd -luring -linih -ljansson -lxxhash -lz -lpthread -ldl -lm -lstdc++
VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

Q := $(if $(V),,@)
# abspath takes a path with a blank for two
absolute = $(if $(filter /%,$(1)),$(1),$(CURDIR)/$(1))

WORKLOADS_SRC := $(sort $(wildcard workloads/*.c))
ENGINES_SRC := $(sort $(wildcard engines/*.c engines/*/*.c engines/*/*/*.c))
ENGINES_CXX := $(sort $(wildcard engines/*/*.cc))
BENCH_SRC := $(sort $(wildcard bench/*.c bench/*/*.c))
TEST_SRC := $(sort $(wildcard tests/test_*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))

LIB_OBJ := $(patsubst %,$(BUILD)/%.o,$(WORKLOADS_SRC) $(ENGINES_SRC) $(ENGINES_CXX) \
	$(filter-out bench/main.c,$(BENCH_SRC)))
MAIN_OBJ := $(BUILD)/bench/main.c.o
TESTS := $(TEST_SRC:%.c=$(BUILD)/%)
FUZZERS := $(FUZZ_SRC:%.c=$(BUILD)/%)

all: $(GVR)

# The layers see one way only, workloads <- engines <- bench: each is compiled
# with just the folders it may include, by way of links in build/layers.
INCLUDE_workloads := -I$(LAYERS)/workloads
INCLUDE_engines := $(INCLUDE_workloads) -I$(LAYERS)/engines
INCLUDE_bench := $(INCLUDE_engines) -I$(LAYERS)/bench
INCLUDE_tests := $(INCLUDE_bench) -I$(LAYERS)/tests
layer = $(firstword $(subst /, ,$(1)))

$(LAYERS)/.made:
	$(Q)for l in workloads engines bench tests; do \
		mkdir -p $(LAYERS)/$$l && ln -sfn ../../../$$l $(LAYERS)/$$l/$$l; done
	$(Q)touch $@

# The packages that the build needs. Cheap when nothing is missing.
DEPS := g++ gcc gnuplot-nox libc6-dev libcmocka-dev libinih-dev libjansson-dev \
	libopenblas0-pthread liburing-dev librocksdb-dev libxxhash-dev libzstd-dev make zlib1g-dev
deps:
	$(Q)sh tests/deps.sh install $(DEPS)

# Only who asks for more than the program has packages installed without asking.
WHOLE := bench bench-generate bench-retrieve demo fuzz interop samples test
DEPS_HOW := $(if $(filter $(WHOLE) deps,$(MAKECMDGOALS)),install,check)
build/.deps: Makefile tests/deps.sh
	$(if $(NODEPS),,$(Q)sh tests/deps.sh $(DEPS_HOW) $(DEPS))
	$(Q)mkdir -p build && touch $@

# A kernel's instruction set is for its own file alone: the rest runs anywhere.
MACHINE := $(shell $(CC) -dumpmachine)
ifneq ($(filter x86_64-%,$(MACHINE)),)
CFLAGS_kernel_avx2.c := -mavx2
CFLAGS_kernel_avx512.c := -mavx512f -mavx512vnni
CFLAGS_kernel_avxvnni.c := -mavx2 -mavxvnni
CFLAGS_kernel_steps_avx2.c := -mavx2
CFLAGS_kernel_steps_avx512.c := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mprefer-vector-width=512
else ifneq ($(filter aarch64-%,$(MACHINE)),)
CFLAGS_kernel_neondot.c := -march=armv8.2-a+dotprod
endif

$(BUILD)/%.c.o: %.c $(BUILD)/.flags | build/.deps $(LAYERS)/.made
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC   $<")
	$(Q)$(CC) $(CFLAGS) $(CFLAGS_$(notdir $<)) $(INCLUDE_$(call layer,$<)) \
		$(DEFINES_$(notdir $<)) -MMD -MP -c -o $@ $<

$(BUILD)/%.cc.o: %.cc $(BUILD)/.flags | build/.deps $(LAYERS)/.made
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CXX  $<")
	$(Q)$(CXX) $(CXXFLAGS) $(INCLUDE_$(call layer,$<)) -MMD -MP -c -o $@ $<

# Other compilers or options in the same folder: everything is built anew.
$(BUILD)/.flags: FORCE
	@mkdir -p $(BUILD)
	@echo '$(CC) $(CXX) $(CFLAGS) $(CXXFLAGS) $(LDFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(CXX) $(CFLAGS) $(CXXFLAGS) $(LDFLAGS)' > $@
# The commit goes into result.json, so that file alone is rebuilt with it.
$(BUILD)/.version: FORCE
	@mkdir -p $(BUILD)
	@echo '$(VERSION) $(COMMIT)' | cmp -s - $@ || echo '$(VERSION) $(COMMIT)' > $@
DEFINES_version.c = -DGVR_VERSION='"$(VERSION)"' -DGVR_COMMIT='"$(COMMIT)"'
$(BUILD)/bench/version.c.o: $(BUILD)/.version

# The files that gvr carries with it, constants and the looks of a report: each as
# a C string literal.
BUILTIN_INI := bench/prices.ini $(sort $(wildcard bench/platforms/*.ini))
$(BUILD)/%.inc: %
	@mkdir -p $(@D)
	$(Q)sed 's/[\\"?]/\\&/g; s/.*/"&\\n"/' $< > $@
CFLAGS_builtin.c := -I$(BUILD)
$(BUILD)/bench/builtin.c.o: $(BUILTIN_INI:%=$(BUILD)/%.inc)
CFLAGS_page_html.c := -I$(BUILD)
$(BUILD)/bench/report/page_html.c.o: $(BUILD)/bench/report/report.css.inc

$(BUILD)/libgvr.a: $(LIB_OBJ)
	$(Q)rm -f $@ && $(AR) qcs $@ $^

$(GVR): $(MAIN_OBJ) $(BUILD)/libgvr.a
	@$(if $(V),,echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# ---- tests ----

$(BUILD)/tests/%: $(BUILD)/tests/%.c.o $(BUILD)/libgvr.a
	@$(if $(V),,echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# A fuzz target linked with a driver that replays its corpus.
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.c.o $(BUILD)/tests/fuzz/replay.c.o $(BUILD)/libgvr.a
	@$(if $(V),,echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Programs and libraries that tests use; nothing of gvr in them.
TEST_TOOLS := $(addprefix $(BUILD)/tests/cli/,big_sectors.so fake_rapl faster_time.so faulty_ring.so \
	json_check without_io_uring) $(BUILD)/tests/stub_nvml.so

$(BUILD)/tests/cli/%: $(BUILD)/tests/cli/%.c.o
	@$(if $(V),,echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS_$(@F))

LDLIBS_json_check := -ljansson

# To be preloaded or loaded late: without sanitizers, which want to be loaded first.
$(BUILD)/tests/%.so: tests/%.c | build/.deps
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC   $@")
	$(Q)$(CC) -O2 -D_GNU_SOURCE -Wall -Wextra -shared -fPIC -o $@ $< -ldl

test: $(GVR) $(TESTS) $(FUZZERS) $(TEST_TOOLS)
	$(Q)BUILD="$(call absolute,$(BUILD))" GVR="$(call absolute,$(GVR))" SAN=$(SAN) sh tests/run.sh

# Checks against outside programs; installs them.
INTEROP_DEPS := bsdextrautils chromium clang gcc-aarch64-linux-gnu jq libc6-dev-arm64-cross mandoc qemu-user rocksdb-tools xxd zstd
interop: $(GVR) $(BUILD)/tests/test_hlog
	$(Q)sh tests/deps.sh install $(INTEROP_DEPS)
	$(Q)sh tests/interop/modules.sh
	$(Q)BUILD="$(call absolute,$(BUILD))" GVR="$(call absolute,$(GVR))" MAKE="$(MAKE)" sh tests/run.sh interop

# Coverage-guided fuzzing with clang's libFuzzer: make fuzz TARGET=workload FUZZ_SECONDS=600.
# New inputs go to build/fuzz/TARGET; those worth keeping belong in tests/fuzz/corpus/TARGET.
TARGET := workload
FUZZ_SECONDS := 60
fuzz: build/.deps
	$(Q)sh tests/deps.sh install clang libclang-rt-dev
	$(Q)$(MAKE) CC=clang SAN=address,undefined,fuzzer-no-link BUILD=build/fuzzing \
		build/fuzzing/tests/fuzz/fuzz_$(TARGET).c.o build/fuzzing/libgvr.a
	$(Q)clang -fsanitize=address,undefined,fuzzer -fno-sanitize=vptr,function -o build/fuzzing/fuzz_$(TARGET) \
		build/fuzzing/tests/fuzz/fuzz_$(TARGET).c.o build/fuzzing/libgvr.a $(LDLIBS)
	$(Q)mkdir -p build/fuzz/$(TARGET)
	build/fuzzing/fuzz_$(TARGET) -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=65536 \
		build/fuzz/$(TARGET) tests/fuzz/corpus/$(TARGET)

# The main job on real documents; the report stays in build/demo/. On a busy
# machine it may be INVALID (exit 6), which is a report as well.
CORPUS := build/corpus/manpages
$(CORPUS):
	$(Q)sh workloads/manpages.sh $@

demo: $(GVR) $(CORPUS)
	./$(GVR) run workloads/manpages.ini --store build/demo/store --out build/demo/manpages || [ $$? -eq 6 ]

# The kept samples in results/, again (some 25 minutes of a machine that does nothing else).
samples: $(GVR) $(CORPUS)
	$(Q)GVR="$(call absolute,$(GVR))" sh results/samples.sh

# Timings, never tests: one core each, as fast as it goes, on the demo's documents;
# then what the harness costs and how it reads a device, beside fio; and whether
# it sees differences where there are none (some 13 minutes).
bench: $(GVR) $(CORPUS)
	./$(GVR) run workloads/bench.ini --store build/demo/store --out build/bench
	$(Q)GVR="$(call absolute,$(GVR))" sh tests/bench/null.sh
	$(Q)GVR="$(call absolute,$(GVR))" sh tests/bench/raw.sh
	$(Q)GVR="$(call absolute,$(GVR))" sh tests/bench/aa.sh

# What a record costs above zstd; retrieval beside fio and RocksDB's own db_bench
# on one disk (some 10 minutes, 16 GiB of it).
bench-retrieve: $(GVR) $(BUILD)/tests/bench/decode $(CORPUS)
	$(Q)$(BUILD)/tests/bench/decode $(CORPUS)
	$(Q)GVR="$(call absolute,$(GVR))" sh tests/bench/retrieve.sh

# The generator's kernels beside the peak of their instructions; one stream of it
# beside llama2.c's int8 program (RUNQ=/path/to/runq.c where there is no network);
# and the model of the demo, if there is one, beside general compressors (minutes).
GENERATE_BENCHES := $(addprefix $(BUILD)/tests/bench/,decode_tokens held_out kernel)
DEMO_MODEL := $(wildcard workloads/manpages.gvrm)
bench-generate: $(GENERATE_BENCHES) $(if $(DEMO_MODEL),$(CORPUS))
	$(Q)$(BUILD)/tests/bench/kernel
	$(Q)BUILD=$(BUILD) MODEL=$(DEMO_MODEL) sh tests/bench/runq.sh
	$(Q)$(if $(DEMO_MODEL),BUILD=$(BUILD) sh tests/bench/peers.sh $(CORPUS) $(DEMO_MODEL),\
		echo "peers: not measured (no workloads/manpages.gvrm)")

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.c.o $(BUILD)/libgvr.a
	@$(if $(V),,echo "  LD   $@")
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

format:
	clang-format -i $(wildcard */*.[ch] */*/*.[ch] */*/*/*.[ch] */*/*.cc)

install: $(GVR)
	install -D -m 755 $(GVR) "$(DESTDIR)$(PREFIX)/bin/gvr"
	install -D -m 644 bench/gvr.1 "$(DESTDIR)$(PREFIX)/share/man/man1/gvr.1"
	install -D -m 644 bench/gvr.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/gvr"

clean:
	rm -rf build gvr

FORCE:
.SECONDARY:
.PHONY: all bench bench-generate bench-retrieve clean demo deps format fuzz install interop samples test FORCE

-include $(LIB_OBJ:.o=.d) $(MAIN_OBJ:.o=.d) $(patsubst %,$(BUILD)/%.d,$(wildcard tests/*.c tests/*/*.c))
