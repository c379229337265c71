#include "engines/generate/cm/match.h"

/* A place that was right only once in eight bytes is given up. */
void match_advance(struct match *m, uint8_t c)
{
	if (!m->active)
		return;
	bool hit = m->expected == c;
	m->misses = (uint8_t)(m->misses << 1 | !hit);
	m->length = !hit ? 0 : m->length < MATCH_LENGTH_MAX ? m->length + 1 : m->length;
	m->at++;
	unsigned hits = ~m->misses & 0xffu;
	if ((hits & (hits - 1)) == 0) /* at most one */
		m->active = false;
}

static uint32_t agreement(const struct match *m, const struct match_window *w, uint32_t at)
{
	uint32_t most = at < w->position ? at : w->position;
	if (most > MATCH_VERIFY_NBYTES)
		most = MATCH_VERIFY_NBYTES;
	uint32_t n = 0;
	while (n < most &&
	       m->bytes[(at - 1 - n) & m->mask] == w->bytes[(w->position - 1 - n) & w->mask])
		n++;
	return n;
}

void match_offer(struct match *m, const struct match_window *w, uint32_t at, uint32_t length_min)
{
	if (at == 0 || (m->active && (m->at == at || m->length >= MATCH_VERIFY_NBYTES)))
		return;
	uint32_t length = agreement(m, w, at);
	if (length < length_min || (m->active && length <= m->length))
		return;
	m->at = at;
	m->length = length;
	m->misses = 0;
	m->active = true;
}

void match_expect(struct match *m, uint32_t limit)
{
	if (m->at >= limit)
		m->active = false;
	if (m->active)
		m->expected = m->bytes[m->at & m->mask];
}
