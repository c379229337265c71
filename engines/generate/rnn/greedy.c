#include "engines/generate/rnn/greedy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

static bool has_child(const struct greedy_node *n, uint8_t byte)
{
	return n->has[byte >> 6] >> (byte & 63) & 1;
}

/* The child for a byte, or NONE. */
static uint32_t child(const struct greedy_tree *t, uint32_t node, uint8_t byte)
{
	const struct greedy_node *n = &t->nodes[node];
	if (!has_child(n, byte))
		return NONE;
	unsigned before = 0;
	for (unsigned i = 0; i < byte >> 6; i++)
		before += (unsigned)__builtin_popcountll(n->has[i]);
	uint64_t below = (UINT64_C(1) << (byte & 63)) - 1;
	return n->first_child + before + (unsigned)__builtin_popcountll(n->has[byte >> 6] & below);
}

/* ---- making the tree ---- */

/* Tokens in order of their bytes; those that begin alike are next to each other. */
static int by_bytes(const void *a, const void *b)
{
	const struct token *x = *(const struct token *const *)a;
	const struct token *y = *(const struct token *const *)b;
	size_t n = x->nbytes < y->nbytes ? x->nbytes : y->nbytes;
	int order = memcmp(x->bytes, y->bytes, n);
	return order != 0 ? order : (int)x->nbytes - (int)y->nbytes;
}

/* A node that is to get its children: of the tokens first..last - 1, which have
 * their first depth bytes in common. */
struct open_node {
	uint32_t first, last, depth;
};

/* Adds the children of a node, in order of their bytes. */
static void add_children(struct greedy_tree *t, struct open_node *open, uint32_t node,
			 const struct token *const *sorted)
{
	struct open_node o = open[node];
	struct greedy_node *n = &t->nodes[node];

	n->first_child = t->count;
	while (o.first < o.last && sorted[o.first]->nbytes == o.depth) {
		n->is_token = true;
		o.first++;
	}
	while (o.first < o.last) {
		uint8_t byte = sorted[o.first]->bytes[o.depth];
		uint32_t end = o.first + 1;
		while (end < o.last && sorted[end]->bytes[o.depth] == byte)
			end++;
		n->has[byte >> 6] |= UINT64_C(1) << (byte & 63);
		open[t->count++] = (struct open_node){o.first, end, o.depth + 1};
		o.first = end;
	}
}

static int make_nodes(struct greedy_tree *t, const struct vocabulary *v)
{
	size_t max = 1;
	for (uint32_t i = 0; i < v->count; i++)
		max += v->tokens[i].nbytes;
	const struct token **sorted = malloc(v->count * sizeof *sorted);
	struct open_node *open = malloc(max * sizeof *open);
	t->nodes = calloc(max, sizeof *t->nodes);
	int err = sorted == NULL || open == NULL || t->nodes == NULL ? -ENOMEM : 0;
	if (err == 0) {
		for (uint32_t i = 0; i < v->count; i++)
			sorted[i] = &v->tokens[i];
		qsort(sorted, v->count, sizeof *sorted, by_bytes);
		open[0] = (struct open_node){0, v->count, 0};
		t->count = 1;
		for (uint32_t node = 0; node < t->count; node++)
			add_children(t, open, node, sorted);
	}
	free(sorted);
	free(open);
	return err;
}

int greedy_tree_init(struct greedy_tree *t, const struct vocabulary *v)
{
	memset(t, 0, sizeof *t);
	t->ends = malloc(v->count * sizeof *t->ends);
	int err = t->ends == NULL ? -ENOMEM : make_nodes(t, v);
	if (err != 0) {
		greedy_tree_fini(t);
		return err;
	}
	for (uint32_t i = 0; i < v->count; i++) {
		uint32_t node = 0;
		for (unsigned k = 0; k < v->tokens[i].nbytes; k++)
			node = child(t, node, v->tokens[i].bytes[k]);
		t->ends[i] = node;
	}
	return 0;
}

void greedy_tree_fini(struct greedy_tree *t)
{
	free(t->nodes);
	free(t->ends);
	memset(t, 0, sizeof *t);
}

size_t greedy_tree_memory_nbytes(const struct greedy_tree *t, const struct vocabulary *v)
{
	return t->count * sizeof *t->nodes + v->count * sizeof *t->ends;
}

/* ---- use ---- */

/* Goes on from a node by a token's bytes: NONE if the tree ends before them.
 * *longer: a token was come by on the way. */
static uint32_t walk(const struct greedy_tree *t, uint32_t node, const struct token *token,
		     bool *longer)
{
	*longer = false;
	for (unsigned k = 0; k < token->nbytes && node != NONE; k++) {
		node = child(t, node, token->bytes[k]);
		*longer |= node != NONE && t->nodes[node].is_token;
	}
	return node;
}

void greedy_update(struct greedy_tail *tail, const struct greedy_tree *t,
		   const struct vocabulary *v, uint16_t token)
{
	const struct greedy_node *end = &t->nodes[t->ends[token]];
	uint32_t kept = 0;
	bool longer;

	for (uint32_t i = 0; i < tail->count; i++) {
		uint32_t node = walk(t, tail->nodes[i], &v->tokens[token], &longer);
		if (node != NONE)
			tail->nodes[kept++] = node;
	}
	if ((end->has[0] | end->has[1] | end->has[2] | end->has[3]) != 0)
		tail->nodes[kept++] = t->ends[token];
	tail->count = kept;
}

bool greedy_allows(const struct greedy_tail *tail, const struct greedy_tree *t,
		   const struct vocabulary *v, uint16_t token)
{
	bool longer = false;
	for (uint32_t i = 0; i < tail->count && !longer; i++)
		walk(t, tail->nodes[i], &v->tokens[token], &longer);
	return !longer;
}

uint64_t greedy_forbids(const struct greedy_tail *tail, const struct greedy_tree *t,
			const struct vocabulary *v, unsigned cluster)
{
	uint64_t forbidden = 0;
	for (unsigned i = 0; i < CLUSTER_TOKENS && tail->count > 0; i++)
		if (!greedy_allows(tail, t, v, (uint16_t)(cluster * CLUSTER_TOKENS + i)))
			forbidden |= UINT64_C(1) << i;
	return forbidden;
}
