/*
 * worker_internal.h: what the worker_*.c files share with each other.
 * worker.c: the thread; worker_request.c: one request through the engine, and
 * the closed loop; worker_paced.c: the open loop.
 */
#ifndef GVR_WORKER_INTERNAL_H
#define GVR_WORKER_INTERNAL_H

#include <sched.h>

#include "bench/worker.h"

#define WORKER_REAP_MAX 64u
#define WORKER_WAIT_MAX_NS UINT64_C(10000000)
/* Before a deadline the worker sleeps until a margin and spins the rest. The
 * margin follows how late sleeps end on this machine, within these. */
#define WORKER_MARGIN_MIN_NS UINT64_C(50000)
#define WORKER_MARGIN_MAX_NS UINT64_C(1000000)

enum worker_command { COMMAND_NONE, COMMAND_SLICE, COMMAND_EXIT };

/* A request that is planned and not yet issued. */
struct due {
	uint64_t index;
	uint64_t planned_ns;  /* clock time */
	uint64_t schedule_ns; /* of the arrival it belongs to, in the schedule's time */
	uint32_t chain_left;  /* requests that follow it, one after the other */
};

struct worker {
	struct worker_config config;
	pthread_t thread;
	cpu_set_t cpus; /* that it may run on */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum worker_command command;
	bool ready; /* opened (or failed to), and idle */
	int err;
	struct error error;

	struct engine_thread *engine_thread;
	struct request *requests; /* depth of them */
	struct due *issued;	  /* what each of them is about */
	uint64_t *slip_ns;	  /* of each of them */
	struct request **free_requests;
	unsigned free_count;
	unsigned in_flight;
	uint64_t last_progress_ns; /* when a reply came last, or the first was issued */
	uint8_t *scratch;	   /* to verify with */
	struct recorder *recorder;
	struct stream_ahead ahead; /* a single worker asks for one index after the other */

	/* open loop */
	struct arrivals arrivals;
	struct due head;    /* this worker's next arrival, not yet issued */
	uint64_t margin_ns; /* spun before a deadline */
	uint64_t idle_ns;   /* when a look that found nothing ended; 0: it was not the last thing */
	/* since requests have been due without a pause: what was not the harness's
	 * time (worker.h); when the last submit began, 0: it is counted; when the
	 * engine first refused the request, 0: it did not */
	uint64_t excused_ns, submitted_ns, busy_since_ns;
	/* how long others ran in this thread's place, as far as it was asked:
	 * /proc/thread-self/schedstat */
	uint64_t run_delay_ns;
	int schedstat_fd; /* -1: none */
	/* the request that is due next: its content made before its time comes;
	 * and that offered last, for a busy engine is offered it again */
	uint64_t prepared_index, offered_index;
	struct request prepared;
	uint64_t offered_slip_ns;
	/* bursts: requests whose turn in their chain has come, first come first
	 * served: a ring of chain_max */
	struct due *follow;
	unsigned follow_first, follow_count;
	unsigned chains; /* begun and not ended */
};

/* ---- worker_request.c ---- */

/* Makes what request number `index` of the slice asks for. */
void worker_identify(struct worker *w, struct request *r, uint64_t index);

/* Tries to issue d at now_ns, its content being in the next free request.
 * False: the engine is busy, nothing changed. */
bool worker_issue(struct worker *w, const struct due *d, uint64_t slip_ns, uint64_t now_ns);

/* Takes back what is done, at most cap, waiting at most wait_ns. How many, or
 * -errno. */
int worker_reap(struct worker *w, unsigned cap, uint64_t wait_ns);

/* Takes back all that is in flight. 0 or -errno. */
int worker_drain(struct worker *w);

/* Which step of rate_iops that time of the schedule belongs to. */
unsigned worker_step_of(const struct worker *w, uint64_t schedule_ns);

/* False: the slice's time is over, or the user wants to stop. */
bool worker_may_go_on(const struct worker *w, uint64_t now_ns);

/* The closed loop of one slice. 0 or -errno. */
int worker_run_closed(struct worker *w);

/* ---- worker_paced.c ---- */

/* The open loop of one slice. 0 or -errno. */
int worker_run_paced(struct worker *w);

/* d was answered at done_ns: the next request of its chain is planned then,
 * whatever the answer. */
void worker_follow_chain(struct worker *w, const struct due *d, uint64_t done_ns);

#endif
