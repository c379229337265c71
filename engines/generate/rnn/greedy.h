/*
 * greedy.h: which tokens can come next. Documents are cut greedily (vocabulary.h),
 * so a token is never followed by bytes that would have made it a longer one.
 * Such tokens get no share of the code: it is shorter for it, and every code is
 * that of one document, whose code it is again.
 */
#ifndef GVR_RNN_GREEDY_H
#define GVR_RNN_GREEDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engines/generate/rnn/vocabulary.h"

/* The tokens as a tree of bytes. */
struct greedy_node {
	uint64_t has[4];      /* bit b: there is a child for byte b */
	uint32_t first_child; /* the others follow it, by their bytes */
	bool is_token;
};

struct greedy_tree {
	struct greedy_node *nodes; /* the first is the root */
	uint32_t count;
	uint32_t *ends; /* the node of each token */
};

/* -ENOMEM. */
int greedy_tree_init(struct greedy_tree *t, const struct vocabulary *v);
void greedy_tree_fini(struct greedy_tree *t);
size_t greedy_tree_memory_nbytes(const struct greedy_tree *t, const struct vocabulary *v);

/* Where the last tokens of a document are in the tree, with what followed them:
 * those that can still become longer ones. All zero: a document begins. */
struct greedy_tail {
	uint32_t count, nodes[TOKEN_NBYTES_MAX];
};

void greedy_update(struct greedy_tail *tail, const struct greedy_tree *t,
		   const struct vocabulary *v, uint16_t token);
bool greedy_allows(const struct greedy_tail *tail, const struct greedy_tree *t,
		   const struct vocabulary *v, uint16_t token);
/* Of the tokens of a cluster, those that cannot come next: bit i for the i-th. */
uint64_t greedy_forbids(const struct greedy_tail *tail, const struct greedy_tree *t,
			const struct vocabulary *v, unsigned cluster);

#endif
