/*
 * workload.h: a workload file, read and checked. INI, read with libinih:
 * one [workload] section and one [engine "label"] section per engine. The
 * names are fio's for the request load, RocksDB's for storage, MLPerf's for
 * the scenarios.
 */
#ifndef GVR_WORKLOAD_H
#define GVR_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "workloads/error.h"

#define WORKLOAD_ENGINES_MAX 16u
#define WORKLOAD_NAME_NBYTES 128u
#define WORKLOAD_PATH_NBYTES 4096u
#define RATE_STEPS_MAX 16u
#define CPUS_MAX 256u

/* The largest single content. Larger files must be cut (key chunk), so that
 * the reply buffers of all requests in flight have a known size. */
#define CONTENT_NBYTES_MAX (UINT64_C(64) << 20)

enum contents_kind { CONTENTS_ARCHIVE, CONTENTS_NOVEL, CONTENTS_NOISE };
enum split { SPLIT_HELD_OUT, SPLIT_TRAINING, SPLIT_ALL };
enum size_kind { SIZE_FIXED, SIZE_UNIFORM, SIZE_LOGNORMAL };
enum popularity_kind {
	POPULARITY_UNIFORM,
	POPULARITY_ZIPF,
	POPULARITY_HOTSPOT,
	POPULARITY_SEQUENTIAL
};
enum scenario { SCENARIO_SERVER, SCENARIO_OFFLINE, SCENARIO_SINGLE_STREAM };
enum rate_process { RATE_LINEAR, RATE_POISSON, RATE_BURSTS };
enum ss_kind { SS_SLOPE, SS_MEAN, SS_NONE };
enum cache_state { CACHE_AS_IS, CACHE_COLD, CACHE_WARM };
enum service_kind { SERVICE_FIXED, SERVICE_EXPONENTIAL };
enum verify_kind { VERIFY_ALL, VERIFY_SAMPLE, VERIFY_NONE };
enum compression { COMPRESSION_NONE, COMPRESSION_ZSTD };
enum compression_unit { COMPRESSION_PER_VALUE, COMPRESSION_PER_BLOCK };
enum store_io { STORE_IO_URING, STORE_IO_PREAD };

/* size = fixed:4KiB | uniform:1KiB-16KiB | lognormal:4KiB,0.6 (median, sigma
 * of the logarithm; clipped at 4 sigma and at CONTENT_NBYTES_MAX) */
struct size_distribution {
	enum size_kind kind;
	uint64_t low_bytes;  /* fixed: the size; uniform: the least; lognormal: the median */
	uint64_t high_bytes; /* uniform: the greatest, inclusive */
	double sigma;	     /* lognormal */
};

struct engine_config {
	char label[WORKLOAD_NAME_NBYTES];
	char kind[32]; /* a name of the engine registry: null, retrieve, generate */
	int line;      /* of the section in the file, for messages; 0 if only --set named it */
	uint32_t numjobs;
	uint32_t iodepth; /* requests in flight per worker */
	/* how a store is read: kind retrieve, and generate where it stores specs */
	bool direct;	  /* O_DIRECT */
	enum store_io io; /* io = io_uring | pread */
	/* kind retrieve and raw: how the ring is used */
	bool sqthread_poll; /* a kernel thread submits */
	bool fixedbufs;	    /* read buffers are registered with the ring */
	bool hugepages;	    /* read buffers lie in huge pages, if there are some */
	/* which CPUs the workers run on: worker i on cpus[i mod cpu_count]; 0: any */
	uint32_t cpu_count;
	uint16_t cpus[CPUS_MAX];
	/* kind delay: a server of known service time, for checks of the harness */
	enum service_kind service_kind;
	uint64_t service_time_ns;	/* exponential: the mean */
	uint64_t stall_at_ns, stall_ns; /* blocks once, so long after its first request; 0: never */
	/* kind retrieve */
	char layout[16]; /* sst, segments */
	enum compression compression_type;
	enum compression_unit compression_unit; /* per block: by RocksDB; layout sst only */
	int compression_level;
	uint64_t compression_max_dict_bytes; /* 0: no dictionary */
	uint64_t block_size_bytes;	     /* layout sst: of RocksDB's blocks, about */
	uint64_t cache_size_bytes; /* layout sst: RocksDB's cache of data blocks; 0: none */
	/* kind generate */
	char generator[16]; /* cm, noise */
};

struct workload {
	char file[WORKLOAD_PATH_NBYTES]; /* as given, for messages */
	char name[WORKLOAD_NAME_NBYTES];
	enum contents_kind contents_kind;
	char contents_dir[WORKLOAD_PATH_NBYTES]; /* archive:DIR */
	uint64_t contents_count;		 /* novel:N and noise:N */
	char corpus_dir[WORKLOAD_PATH_NBYTES];	 /* corpus: what novel's generator trains on; "" if
						    unset */
	char model[WORKLOAD_PATH_NBYTES]; /* model: an already trained model; "" = train one */
	uint64_t chunk_bytes;		  /* 0: files are not cut */
	enum split split;
	uint32_t contexts;
	uint64_t extrapolate_contexts; /* 0: bytes at rest are not extrapolated */
	struct size_distribution size;
	uint32_t compress_percentage;	 /* noise: how much of each content is zero bytes, 0-100 */
	uint32_t temperature_percentage; /* novel: how it is sampled: 100: as the model says */
	uint32_t top_p_percentage;	 /* 100: from all tokens */
	enum popularity_kind popularity;
	double zipf_theta;
	double hotspot_fraction, hotspot_probability;
	enum scenario scenario;
	double rate_iops[RATE_STEPS_MAX]; /* server: steps of equal length within each round */
	unsigned rate_count;		  /* 0: peak, the highest rate that holds target_latency */
	enum rate_process rate_process;
	uint32_t burst_agents, burst_chain; /* bursts: agents that wake together, requests of each
					     */
	uint64_t target_latency_ns;	    /* response time to hold; 0: none */
	double target_latency_percentile;   /* in (0, 100): what is judged and must be resolved */
	uint64_t runtime_ns;		    /* measured time of each engine, all rounds together */
	uint64_t ramp_time_ns;		    /* before an engine's first slice, not measured */
	uint64_t number_ios; /* offline, single_stream: stop after this many requests; 0: by runtime
			      */
	uint64_t min_duration_ns; /* of an engine's measured time, to be VALID */
	uint64_t min_query_count; /* completed requests of an engine, to be VALID */
	enum ss_kind ss_kind;
	double ss_limit; /* as a part of the mean */
	enum cache_state cache_state;
	uint32_t rounds;
	uint64_t randseed;
	char platform[WORKLOAD_PATH_NBYTES]; /* a name of platforms/, or a file */
	enum verify_kind verify;
	uint64_t verify_sample; /* sample:N: one request in N */
	struct engine_config engines[WORKLOAD_ENGINES_MAX];
	unsigned engine_count;
};

/*
 * Reads and checks the file `path`, then applies the `set_count` assignments
 * of sets ("section.key=value"; section is "workload", "engine.LABEL" or the
 * bare LABEL of an engine; a label that is not in the file is an error). What
 * --set replaces is not a duplicate. Relative directories stay as written:
 * they are relative to the working directory.
 *
 * Returns 0, or -errno with e filled: -ENOENT no such file, -EACCES not
 * readable, -EINVAL anything wrong with what it says; then e starts with
 * "FILE:LINE: " (or "--set section.key=value: "), names the key and says what
 * is allowed. Never leaves *w half-checked: on error do not use it.
 */
int workload_read(struct workload *w, const char *path, const char *const *sets, unsigned set_count,
		  struct error *e);

/* The same for text in memory (not NUL-terminated); `name` stands for the
 * path in messages. What the fuzz target calls. */
int workload_parse(struct workload *w, const char *name, const char *text, size_t text_nbytes,
		   const char *const *sets, unsigned set_count, struct error *e);

/* Prints a table of every section and key, what it takes and its default:
 * made from the same table that the parser checks against. For --help. */
void workload_print_keys(FILE *out);

/* Calls emit for every key of [workload] that has a value (label NULL), then
 * for every key that applies to each engine, with the effective value as text
 * ("30s", "1MiB", "zipf:0.99"): what result.json keeps. emit's value parses
 * back to the same setting. */
void workload_each_value(const struct workload *w,
			 void (*emit)(void *arg, const char *label, const char *key,
				      const char *value),
			 void *arg);

/* A time as a workload file and result.json have it ("50ms", "1.5h"). 0 or -EINVAL. */
int workload_time(const char *text, uint64_t *ns);

/* The mean of the steps of rate_iops; 0: peak. */
double workload_rate_mean(const struct workload *w);

/* The size of a novel or noise content: a pure function of its id, the same
 * for all its contexts. Not for archive contents (corpus.h). */
uint64_t workload_content_nbytes(const struct workload *w, uint64_t content);

/* The greatest value workload_content_nbytes can return. */
uint64_t workload_content_nbytes_max(const struct workload *w);

#endif
