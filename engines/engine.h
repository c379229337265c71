/*
 * engine.h: the contract of an engine. A new engine is one file with a
 * struct engine_ops and one line in registry.c; the harness does not change.
 *
 * Two lives. Loading: load_open, then per thread load_thread_open and
 * load_encode, and from one thread load_put in ascending order, then
 * load_close. Serving: open, per worker thread_open, submit / reap / release,
 * thread_close, stats, close. An engine is never in both at once.
 *
 * One loop drives a synchronous engine, an io_uring engine and a CPU-bound
 * engine alike: submit says DONE, QUEUED or BUSY, reap hands back.
 *
 * Errors are 0 or -errno with a line in struct error (error.h). Every hook is
 * required; an engine without a use for one says so by returning what the
 * hook's comment allows.
 */
#ifndef GVR_ENGINE_H
#define GVR_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workloads/corpus.h"
#include "workloads/error.h"
#include "workloads/request.h"
#include "workloads/workload.h"

/* What an engine may look at, while loading and while serving. Everything is
 * the harness's and outlives the engine. */
struct engine_env {
	const struct workload *workload;
	const struct engine_config *config;
	const struct corpus *corpus; /* archive: the documents; novel: what trains; NULL: none */
	uint64_t contents;	     /* how many there are to ask for */
	uint64_t content_nbytes_max; /* of any content; may be 0 */
	uint64_t fingerprint;	     /* of the content set: a store made for another is stale */
	const char *dir;	     /* where artefacts and stores of this content set are kept */
	const char *model_path;	     /* of the engine's own generator; "" if none is trained */
	/* Called with a line for the user when load_open makes something anew:
	 * a dictionary, a store that was damaged. */
	void (*notice)(const char *line);
};

enum submit_status { SUBMIT_DONE, SUBMIT_QUEUED, SUBMIT_BUSY };

struct engine_stats {
	char store_dir[WORKLOAD_PATH_NBYTES + 128]; /* of values or specs; "": none */
	/* bytes at rest: files of this engine, logical and allocated */
	uint64_t at_rest_bytes;	       /* per-content: values or specs, with their index */
	uint64_t at_rest_disk_bytes;   /* the same as st_blocks * 512 */
	uint64_t at_rest_fixed_bytes;  /* of at_rest_bytes: what hardly grows with the contents */
	uint64_t shared_at_rest_bytes; /* shared by all contents: dictionary, model */
	uint64_t payload_bytes;	 /* encoded values or specs alone, without index (compressed by
				    RocksDB: with it); 0: none */
	uint64_t content_bytes;	 /* of the contents those stand for */
	uint64_t resident_bytes; /* memory this engine keeps while serving: caches, tables, buffers
				  */
	uint64_t load_written_bytes; /* what filling the store wrote to the disk; 0: no store */
	/* proof of how it read; ring_created false: no ring was used */
	bool ring_created;
	uint64_t sqes, cqes;
	bool cpu_elsewhere; /* a kernel thread submits for it, whose CPU time is not counted */
	/* a cache of blocks in the engine's own memory; cache_bytes 0: none */
	uint64_t cache_bytes;
	uint64_t cache_lookups, cache_hits;
	/* retrievers with a dictionary; dictionary_bytes 0: none */
	uint64_t dictionary_bytes;
	char dictionary_how[16]; /* "trained" or "raw" (codec.h) */
	/* generators; name "" for others */
	char generator[16];
	uint64_t model_bytes;
	double macs_per_byte;	/* multiply-accumulates for one content byte; 0: not counted */
	double tokens_per_byte; /* symbols predicted for one content byte; 0: none are */
	const char *kernel;	/* which instructions the generator uses, or NULL */
};

/* What the buffers of requests in flight take. */
struct engine_memory {
	uint64_t used_bytes;   /* once each of them was in use: surely */
	uint64_t mapped_bytes; /* at most, with caches; so much address space in any case */
};

struct engine; /* the engine's own types */
struct engine_thread;
struct engine_load;
struct engine_load_thread;

struct engine_ops {
	const char *name; /* the `kind` of a workload file */

	/* False: replies are NULL by design (null engine), nothing to verify. */
	bool makes_replies;

	/* What serving takes with so many requests in flight, of all workers
	 * together, each of a content of content_nbytes. Told before anything is
	 * loaded or trained: env->model_path may be none. What is there in any
	 * case (model, dictionary, index) and what is small (a ring, a stack) is
	 * not counted. */
	void (*memory)(const struct engine_env *env, uint64_t in_flight, uint64_t content_nbytes,
		       struct engine_memory *m);

	/* ---- loading ---- */

	/* Opens for loading; creates and trains what is missing or stale (the
	 * dictionary; the model is the harness's business) and reports it
	 * through progress. *next is set to the first item not yet stored,
	 * items being numbered content * contexts + context; an engine that
	 * stores nothing per content sets *next = contents * contexts and is not
	 * given items. A second process loading the same store: -EBUSY. */
	int (*load_open)(struct engine_load **out, const struct engine_env *env, uint64_t *next,
			 const struct progress *progress, struct error *e);

	/* Per encoding thread. */
	int (*load_thread_open)(struct engine_load_thread **out, struct engine_load *l,
				struct error *e);

	/* The value to store for one content: *value points at *value_nbytes
	 * bytes that belong to t until its next call. Thread-safe across
	 * different t. */
	int (*load_encode)(struct engine_load_thread *t, uint64_t content, uint32_t context,
			   const uint8_t *bytes, size_t nbytes, const uint8_t **value,
			   size_t *value_nbytes, struct error *e);

	void (*load_thread_close)(struct engine_load_thread *t);

	/* Stores one value; from one thread, items in ascending order without
	 * gaps, from *next on. content_nbytes: of the content it stands for. */
	int (*load_put)(struct engine_load *l, uint64_t content, uint32_t context,
			const uint8_t *value, size_t value_nbytes, size_t content_nbytes,
			struct error *e);

	/* complete: every item was put, now or before load_open; makes the store
	 * durable and marks it complete. Not complete: keeps what is durable so that the next load
	 * goes on from there. Frees l either way. */
	int (*load_close)(struct engine_load *l, bool complete, struct error *e);

	/* ---- serving ---- */

	/* Opens a completely loaded store; once, before any worker starts.
	 * -ENOENT not loaded, -ESTALE made for other contents or settings,
	 * -EBADMSG damaged. */
	int (*open)(struct engine **out, const struct engine_env *env, struct error *e);

	/* Per worker, in the worker's own thread. All memory that serving
	 * needs is allocated here: nothing is allocated after. */
	int (*thread_open)(struct engine_thread **out, struct engine *engine, struct error *e);

	/* Takes one request. DONE: answered now (reply or error set).
	 * QUEUED: reap hands it back, and req may not be touched until then.
	 * BUSY: iodepth requests are in flight or unreleased; reap or release,
	 * then try again. Never blocks for long (some 50 us). */
	enum submit_status (*submit)(struct engine_thread *t, struct request *req);

	/* Completed requests, at most cap of them, written to done; returns how
	 * many, or -errno if the engine is broken (a single request's failure
	 * is its req->error). Works or waits for at most about wait_ns ns
	 * (0: look, do not wait) and returns as soon as something completed. A
	 * CPU-bound engine works in slices of some 50 us, so that the harness
	 * can release what falls due. */
	int (*reap)(struct engine_thread *t, struct request **done, unsigned cap, uint64_t wait_ns);

	/* Ends the loan of req->reply. Once for every request that was DONE or
	 * reaped, failed ones included. */
	void (*release)(struct engine_thread *t, struct request *req);

	/* Adds this worker's counters to the engine; nothing is in flight. */
	void (*thread_close)(struct engine_thread *t);

	/* After the workers are closed. */
	void (*stats)(struct engine *engine, struct engine_stats *stats);
	void (*close)(struct engine *engine);
};

/* Tells the user, by way of env->notice, that the store in dir was discarded
 * and is filled anew; why as store_writer_open says it, NULL: it was not. */
void engine_notice_discarded(const struct engine_env *env, const char *dir, const char *why);

/* registry.c: the engines, in order; NULL-terminated. */
extern const struct engine_ops *const engine_registry[];

/* NULL if there is no engine of that kind. */
const struct engine_ops *engine_find(const char *kind);

#endif
