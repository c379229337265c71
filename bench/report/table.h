/*
 * table.h: figures in rows, for HTML and Markdown alike. A cell holds the text
 * that is shown and, for a figure, the value and where in result.json it comes
 * from, so that anybody can hold the two against each other.
 */
#ifndef GVR_TABLE_H
#define GVR_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct table_cell {
	char *text;	/* NULL: empty */
	char *from;	/* "engines.generate.cpu.us_per_request"; NULL: no figure */
	char value[32]; /* as result.json has it, "%.17g" shortened; "": no figure */
};

struct table_row {
	bool heading;		  /* of the rows below it: its first cell alone is shown */
	unsigned indent;	  /* of the first cell */
	struct table_cell *cells; /* column_count */
};

struct table {
	char *name;  /* an id: "engines" */
	char *title; /* a caption; may be NULL */
	unsigned column_count, row_count, row_capacity;
	char **columns; /* heads; the first may be "" */
	struct table_row *rows;
	bool out_of_memory;
};

void table_init(struct table *t, const char *name, const char *title, unsigned column_count,
		const char *const *columns);
void table_free(struct table *t);

/* A new row; its first cell is `head`. */
void table_row(struct table *t, unsigned indent, const char *head);
void table_heading(struct table *t, const char *head);

/* Fill a cell of the last row. */
void table_text(struct table *t, unsigned column, const char *text);
void table_number(struct table *t, unsigned column, const char *text, double value,
		  const char *from);

void table_html(FILE *f, const struct table *t);
void table_markdown(FILE *f, const struct table *t);

#endif
