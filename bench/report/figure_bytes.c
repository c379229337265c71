/* figure_bytes.c: bytes that are kept, and bytes that move. */
#include <math.h>
#include <string.h>

#include "bench/format.h"
#include "bench/report/figure_engines.h"
#include "bench/report/report_text.h"

/* ---- at rest ---- */

enum segment { SEGMENT_CONTENTS, SEGMENT_STORE, SEGMENT_SHARED, SEGMENTS };

static const char *const segment_names[SEGMENTS] = {
	[SEGMENT_CONTENTS] = "contents",
	[SEGMENT_STORE] = "store itself",
	[SEGMENT_SHARED] = "dictionary or model",
};

static void name_segments(struct plot *p)
{
	for (unsigned i = 0; i < SEGMENTS; i++)
		report_text(p->segment_names[i], sizeof p->segment_names[i], "%s",
			    segment_names[i]);
	p->segment_name_count = SEGMENTS;
}

/* What storing them plain would take; the same for all engines. */
static void add_contents(struct plot *p, struct figure_engines *all)
{
	double bytes = figure_number(all, &all->of[0], "bytes.content");
	struct plot_row *row = plot_add_row(p, "contents as they are", PLOT_NEUTRAL);

	if (isnan(bytes)) {
		report_text(row->value, sizeof row->value, "too many to be summed");
		return;
	}
	format_bytes(row->value, sizeof row->value, bytes);
	row->segments[SEGMENT_CONTENTS] = bytes;
	row->segment_count = 1;
	report_text_item(p->alt, sizeof p->alt, "contents as they are: %s", row->value);
}

/* "retrieve: 169 KiB contents, 16.1 KiB store itself, 1.00 MiB dictionary or model" */
static void describe_at_rest(struct plot *p, const struct figure_engine *engine,
			     const double *segments)
{
	char bytes[32];

	report_text_item(p->alt, sizeof p->alt, "%s:", engine->name);
	const char *before = " ";
	for (unsigned i = 0; i < SEGMENTS; i++) {
		if (segments[i] == 0)
			continue;
		format_bytes(bytes, sizeof bytes, segments[i]);
		report_text_add(p->alt, sizeof p->alt, "%s%s %s", before, bytes, segment_names[i]);
		before = ", ";
	}
	if (before[0] == ' ')
		report_text_add(p->alt, sizeof p->alt, " nothing");
}

static void add_at_rest(struct plot *p, struct figure_engines *all,
			const struct figure_engine *engine)
{
	double at_rest = figure_number(all, engine, "bytes.at_rest"),
	       fixed = figure_number(all, engine, "bytes.at_rest_fixed"),
	       shared = figure_number(all, engine, "bytes.shared_at_rest");
	double segments[SEGMENTS] = {at_rest - fixed, fixed, shared};
	char text[32];

	if (!(segments[SEGMENT_CONTENTS] >= 0) || isnan(shared)) {
		json_reader_damaged(&all->json, "bytes",
				    "at_rest is less than at_rest_fixed, or null");
		return;
	}
	struct plot_row *row = plot_add_row(p, engine->name, engine->colour);
	memcpy(row->segments, segments, sizeof segments);
	row->segment_count = SEGMENTS;
	format_bytes(row->value, sizeof row->value, at_rest);
	format_bytes(text, sizeof text, shared);
	if (shared > 0)
		report_text_add(row->value, sizeof row->value, " + %s shared", text);
	describe_at_rest(p, engine, segments);
}

static void explain_at_rest(struct plot *p, struct figure_engines *all)
{
	char each[1024] = "", value[32];

	for (unsigned i = 0; i < all->count; i++) {
		const struct figure_engine *engine = &all->of[i];
		report_text_number(value, sizeof value,
				   figure_number(all, engine, "bytes.at_rest_per_content_byte"));
		report_text_item(each, sizeof each, "%s %s", engine->name, value);
	}
	report_text(p->caption, sizeof p->caption,
		    "All files, as du counts them. Contents: values, or what they are "
		    "regenerated from, with their index. Store itself: what it takes even if "
		    "empty. Dictionary or model: shared, once for all contents, however many "
		    "there are. Bytes kept for one more byte of content: %s.",
		    each);
}

int figure_at_rest(struct plot *p, const struct report *r, struct error *e)
{
	struct figure_engines all;

	plot_init(p, PLOT_ROWS, "bytes_at_rest", "Bytes at rest");
	plot_x(p, "bytes at rest", "bytes", PLOT_BYTES, false);
	name_segments(p);
	if (figure_engines_read(&all, r, e) != 0)
		return all.json.err;
	add_contents(p, &all);
	for (unsigned i = 0; i < all.count; i++)
		add_at_rest(p, &all, &all.of[i]);
	explain_at_rest(p, &all);
	return all.json.err;
}

/* ---- moved ---- */

/* Why an engine has no figure, without the word before it; "": it has one. */
static const char *why_not_moved(struct figure_engines *all, const struct figure_engine *engine)
{
	static const char prefix[] = "unavailable: ";
	const char *source = figure_text(all, engine, "bytes.moved_source");

	if (!isnan(figure_number(all, engine, "bytes.moved_per_request")))
		return "";
	return strncmp(source, prefix, sizeof prefix - 1) == 0 ? source + sizeof prefix - 1
							       : source;
}

/* Returns whether there is something to draw. */
static bool add_moved(struct plot *p, struct figure_engines *all,
		      const struct figure_engine *engine)
{
	double moved = figure_number(all, engine, "bytes.moved_per_request");
	struct plot_row *row = plot_add_row(p, engine->name, engine->colour);

	if (isnan(moved)) {
		bool none = strstr(why_not_moved(all, engine), "no store") != NULL;
		report_text(row->value, sizeof row->value, none ? "no store" : "not known");
		return false;
	}
	row->nominal = moved;
	format_bytes(row->value, sizeof row->value, moved);
	figure_add_rounds(p, row, all, engine, "moved_bytes_per_request");
	report_text_item(p->alt, sizeof p->alt, "%s: %s", engine->name, row->value);
	return moved > 0;
}

/* The content of a request: one line if all were asked alike, else in the caption. */
static void add_served(struct plot *p, struct figure_engines *all)
{
	char each[1024] = "", first[32] = "", bytes[32], label[PLOT_TEXT_NBYTES];
	bool alike = true;
	double at = NAN;

	for (unsigned i = 0; i < all->count; i++) {
		double served = figure_number(all, &all->of[i], "bytes.served_per_request");
		if (!(served > 0)) /* kind null serves nothing */
			continue;
		format_bytes(bytes, sizeof bytes, served);
		alike = alike && (isnan(at) || strcmp(bytes, first) == 0);
		if (isnan(at)) {
			at = served;
			memcpy(first, bytes, sizeof first);
		}
		report_text_item(each, sizeof each, "%s %s", all->of[i].name, bytes);
	}
	if (!isnan(at))
		report_text(p->caption, sizeof p->caption, "Content of a request: %s. ",
			    alike ? first : each);
	if (isnan(at) || !alike)
		return;
	report_text(label, sizeof label, "content: %s", first);
	plot_add_mark(p, true, at, label);
	report_text_item(p->alt, sizeof p->alt, "content of a request: %s", first);
}

static void explain_moved(struct plot *p, const struct figure_engines *all, const char *const *why)
{
	char missing[700] = "";

	figure_add_texts(missing, sizeof missing, all, why);
	report_text_add(p->caption, sizeof p->caption,
			"Moved is what the block device under the store says it read, for all its "
			"users and in whole sectors, by request: a mark for the run, a dot for "
			"each round.");
	if (missing[0] == '\0')
		return;
	report_text_add(p->caption, sizeof p->caption, " Without a mark: %s.", missing);
	report_text_item(p->alt, sizeof p->alt, "without a mark: %s", missing);
}

int figure_moved(struct plot *p, const struct report *r, struct error *e)
{
	struct figure_engines all;
	const char *why[WORKLOAD_ENGINES_MAX];
	unsigned drawn = 0;

	plot_init(p, PLOT_ROWS, "bytes_moved", "Bytes moved from the device a request");
	plot_x(p, "bytes moved a request", "bytes_per_request", PLOT_BYTES, true);
	if (figure_engines_read(&all, r, e) != 0)
		return all.json.err;
	for (unsigned i = 0; i < all.count; i++) {
		drawn += add_moved(p, &all, &all.of[i]);
		why[i] = why_not_moved(&all, &all.of[i]);
	}
	add_served(p, &all);
	explain_moved(p, &all, why);
	if (drawn == 0)
		plot_cannot(p, "bytes moved from the device are 0 or not known: %s", p->alt);
	return all.json.err;
}
