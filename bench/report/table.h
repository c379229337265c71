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
	char *link;	/* a path relative to the page; NULL: none */
	char *from;	/* "engines.generate.cpu.us_per_request"; NULL: no figure */
	char value[32]; /* as result.json has it; "": no figure */
};

struct table_row {
	bool heading;		  /* of the rows below it: its first cell alone is shown */
	unsigned indent;	  /* of the first cell */
	char *result;		  /* the result.json of its figures; NULL: that of the page */
	struct table_cell *cells; /* column_count */
};

struct table {
	char *name;  /* an id: "engines" */
	char *title; /* a caption; may be NULL */
	unsigned column_count, row_count, row_capacity;
	char **columns; /* heads; the first may be "", or all: then there is no head */
	bool *numbers;	/* of each column: it holds a figure */
	struct table_row *rows;
	bool out_of_memory; /* something is missing: it must not be shown */
};

/* Texts are copied. */
void table_init(struct table *t, const char *name, const char *title, unsigned column_count,
		const char *const *columns);
void table_free(struct table *t);

/* A new row; its first cell is `head`. */
void table_row(struct table *t, unsigned indent, const char *head);
void table_heading(struct table *t, const char *head);

/* The figures of the last row are of another result.json than the page's. */
void table_of_result(struct table *t, const char *path);

/* Fill a cell of the last row. */
void table_text(struct table *t, unsigned column, const char *text);
void table_link(struct table *t, unsigned column, const char *text, const char *link);
void table_number(struct table *t, unsigned column, const char *text, const json_t *value,
		  const char *from);

/* What the cell shows, with its link or value. */
void table_cell_html(FILE *f, const struct table_cell *cell);
/* No rows: nothing. */
void table_html(FILE *f, const struct table *t);
/* The first row_max rows, and how many there are more. */
void table_markdown(FILE *f, const struct table *t, unsigned row_max);

#endif
