/*
 * null.c: answers at once with nothing. What a run costs with this engine is
 * the harness's own cost, reported beside every result.
 */
#include "engines/engine.h"
#include "engines/stores_nothing.h"

/* The engine has no state, but its handles must not be NULL. */
struct engine {
	char unused;
};
struct engine_thread {
	char unused;
};
static struct engine the_engine;
static struct engine_thread the_thread;

static int null_open(struct engine **out, const struct engine_env *env, struct error *e)
{
	(void)env;
	(void)e;
	*out = &the_engine;
	return 0;
}

static int null_thread_open(struct engine_thread **out, struct engine *engine, struct error *e)
{
	(void)engine;
	(void)e;
	*out = &the_thread;
	return 0;
}

static enum submit_status null_submit(struct engine_thread *t, struct request *req)
{
	(void)t;
	req->error = 0;
	req->reply = NULL;
	req->reply_nbytes = 0;
	return SUBMIT_DONE;
}

static int null_reap(struct engine_thread *t, struct request **done, unsigned cap, uint64_t wait_ns)
{
	(void)t;
	(void)done;
	(void)cap;
	(void)wait_ns;
	return 0;
}

static void null_release(struct engine_thread *t, struct request *req)
{
	(void)t;
	(void)req;
}

static void null_thread_close(struct engine_thread *t)
{
	(void)t;
}

static void null_close(struct engine *engine)
{
	(void)engine;
}

const struct engine_ops null_engine = {
	.name = "null",
	.makes_replies = false,
	.memory = stores_nothing_memory,
	.load_open = stores_nothing_load_open,
	.load_thread_open = stores_nothing_load_thread_open,
	.load_encode = stores_nothing_load_encode,
	.load_thread_close = stores_nothing_load_thread_close,
	.load_put = stores_nothing_load_put,
	.load_close = stores_nothing_load_close,
	.open = null_open,
	.thread_open = null_thread_open,
	.submit = null_submit,
	.reap = null_reap,
	.release = null_release,
	.thread_close = null_thread_close,
	.stats = stores_nothing_stats,
	.close = null_close,
};
