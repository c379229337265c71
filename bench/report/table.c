#include "bench/report/table.h"

#include <stdlib.h>
#include <string.h>

#include "bench/report/html.h"

static char *copy(struct table *t, const char *text)
{
	char *copied = strdup(text);

	t->out_of_memory |= copied == NULL;
	return copied;
}

void table_init(struct table *t, const char *name, const char *title, unsigned column_count,
		const char *const *columns)
{
	memset(t, 0, sizeof *t);
	t->name = copy(t, name);
	t->title = title != NULL ? copy(t, title) : NULL;
	t->columns = calloc(column_count + 1, sizeof *t->columns);
	t->numbers = calloc(column_count + 1, sizeof *t->numbers);
	if (t->columns == NULL || t->numbers == NULL) {
		t->out_of_memory = true;
		return;
	}
	t->column_count = column_count;
	for (unsigned i = 0; i < column_count; i++)
		t->columns[i] = copy(t, columns[i]);
}

static void free_row(struct table_row *row, unsigned column_count)
{
	for (unsigned i = 0; i < column_count; i++) {
		free(row->cells[i].text);
		free(row->cells[i].link);
		free(row->cells[i].from);
	}
	free(row->cells);
	free(row->result);
}

void table_free(struct table *t)
{
	for (unsigned i = 0; i < t->row_count; i++)
		free_row(&t->rows[i], t->column_count);
	for (unsigned i = 0; i < t->column_count; i++)
		free(t->columns[i]);
	free(t->rows);
	free(t->columns);
	free(t->numbers);
	free(t->name);
	free(t->title);
	memset(t, 0, sizeof *t);
}

static bool has_room(struct table *t)
{
	if (t->row_count < t->row_capacity)
		return true;
	unsigned more = t->row_capacity == 0 ? 16 : 2 * t->row_capacity;
	struct table_row *rows = realloc(t->rows, more * sizeof *rows);
	if (rows == NULL)
		return false;
	t->rows = rows;
	t->row_capacity = more;
	return true;
}

void table_row(struct table *t, unsigned indent, const char *head)
{
	struct table_cell *cells = calloc(t->column_count + 1, sizeof *cells);

	if (cells == NULL || !has_room(t)) {
		free(cells);
		t->out_of_memory = true;
		return;
	}
	t->rows[t->row_count++] = (struct table_row){.indent = indent, .cells = cells};
	table_text(t, 0, head);
}

void table_heading(struct table *t, const char *head)
{
	table_row(t, 0, head);
	if (!t->out_of_memory)
		t->rows[t->row_count - 1].heading = true;
}

void table_of_result(struct table *t, const char *path)
{
	if (t->out_of_memory || t->row_count == 0)
		return;
	free(t->rows[t->row_count - 1].result);
	t->rows[t->row_count - 1].result = copy(t, path);
}

/* NULL: there is none, for want of memory. */
static struct table_cell *last(struct table *t, unsigned column)
{
	if (t->out_of_memory || t->row_count == 0 || column >= t->column_count)
		return NULL;
	return &t->rows[t->row_count - 1].cells[column];
}

void table_text(struct table *t, unsigned column, const char *text)
{
	struct table_cell *cell = last(t, column);

	if (cell == NULL)
		return;
	free(cell->text);
	cell->text = copy(t, text);
}

void table_link(struct table *t, unsigned column, const char *text, const char *link)
{
	struct table_cell *cell = last(t, column);

	table_text(t, column, text);
	if (cell == NULL)
		return;
	free(cell->link);
	cell->link = copy(t, link);
}

/* As result.json has it, with 6 digits; with more if it has more. */
static void number_text(char *out, size_t capacity, const json_t *value)
{
	size_t nbytes = 0;

	for (unsigned digits = 6; digits <= 17; digits++) {
		nbytes = json_dumpb(value, out, capacity - 1,
				    JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));
		if (nbytes >= capacity)
			nbytes = 0;
		out[nbytes] = '\0';
		if (nbytes > 0 && strtod(out, NULL) == json_number_value(value))
			return;
	}
}

void table_number(struct table *t, unsigned column, const char *text, const json_t *value,
		  const char *from)
{
	struct table_cell *cell = last(t, column);

	table_text(t, column, text);
	if (cell == NULL)
		return;
	free(cell->from);
	cell->from = copy(t, from);
	number_text(cell->value, sizeof cell->value, value);
	t->numbers[column] = true;
}

/* ---- HTML ---- */

void table_cell_html(FILE *f, const struct table_cell *cell)
{
	if (cell->text == NULL)
		return;
	if (cell->from != NULL) {
		fprintf(f, "<data value=\"%s\" data-from=\"", cell->value);
		html_text(f, cell->from);
		fputs("\">", f);
	} else if (cell->link != NULL) {
		fputs("<a href=\"", f);
		html_address(f, cell->link);
		fputs("\">", f);
	}
	html_text(f, cell->text);
	if (cell->from != NULL)
		fputs("</data>", f);
	else if (cell->link != NULL)
		fputs("</a>", f);
}

static void row_html(FILE *f, const struct table *t, const struct table_row *row)
{
	if (row->heading) {
		fprintf(f, "<tr class=\"heading\"><th scope=\"rowgroup\" colspan=\"%u\">",
			t->column_count);
		table_cell_html(f, &row->cells[0]);
		fputs("</th></tr>\n", f);
		return;
	}
	fputs("<tr", f);
	if (row->result != NULL) {
		fputs(" data-result=\"", f);
		html_text(f, row->result);
		fputc('"', f);
	}
	fprintf(f, "><th scope=\"row\"%s>", row->indent > 0 ? " class=\"indent\"" : "");
	table_cell_html(f, &row->cells[0]);
	fputs("</th>", f);
	for (unsigned i = 1; i < t->column_count; i++) {
		fputs(t->numbers[i] ? "<td class=\"number\">" : "<td>", f);
		table_cell_html(f, &row->cells[i]);
		fputs("</td>", f);
	}
	fputs("</tr>\n", f);
}

static bool has_head(const struct table *t)
{
	for (unsigned i = 0; i < t->column_count; i++)
		if (t->columns[i][0] != '\0')
			return true;
	return false;
}

static void head_html(FILE *f, const struct table *t)
{
	fputs("<thead><tr>", f);
	for (unsigned i = 0; i < t->column_count; i++) {
		if (t->columns[i][0] == '\0') {
			fputs("<td></td>", f);
			continue;
		}
		fprintf(f, "<th scope=\"col\"%s>", t->numbers[i] ? " class=\"number\"" : "");
		html_text(f, t->columns[i]);
		fputs("</th>", f);
	}
	fputs("</tr></thead>\n", f);
}

void table_html(FILE *f, const struct table *t)
{
	if (t->row_count == 0)
		return;
	fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", f);
	html_text(f, t->title != NULL ? t->title : t->name);
	/* of names and values: side by side, not at either edge */
	fprintf(f, "\">\n<table id=\"%s\"%s>\n", t->name,
		t->column_count == 2 ? " class=\"facts\"" : "");
	if (t->title != NULL) {
		fputs("<caption>", f);
		html_text(f, t->title);
		fputs("</caption>\n", f);
	}
	if (has_head(t))
		head_html(f, t);
	fputs("<tbody>\n", f);
	for (unsigned i = 0; i < t->row_count; i++) {
		if (i > 0 && t->rows[i].heading)
			fputs("</tbody>\n<tbody>\n", f);
		row_html(f, t, &t->rows[i]);
	}
	fputs("</tbody>\n</table>\n</div>\n", f);
}

/* ---- Markdown ---- */

static void cell_markdown(FILE *f, const struct table_cell *cell, const char *mark)
{
	fputs(mark, f);
	if (cell->link != NULL && cell->text != NULL) {
		fputc('[', f);
		markdown_text(f, cell->text);
		fputs("](", f);
		html_address(f, cell->link);
		fputc(')', f);
	} else if (cell->text != NULL) {
		markdown_text(f, cell->text);
	}
	fputs(mark, f);
}

static void row_markdown(FILE *f, const struct table *t, const struct table_row *row)
{
	fputc('|', f);
	for (unsigned i = 0; i < t->column_count; i++) {
		fputc(' ', f);
		if (i == 0 && row->indent > 0)
			fputs("&nbsp;&nbsp;", f);
		cell_markdown(f, &row->cells[i], row->heading && i == 0 ? "**" : "");
		fputs(" |", f);
	}
	fputc('\n', f);
}

void table_markdown(FILE *f, const struct table *t, unsigned row_max)
{
	if (t->row_count == 0)
		return;
	fputc('|', f);
	for (unsigned i = 0; i < t->column_count; i++) {
		fputc(' ', f);
		markdown_text(f, t->columns[i]);
		fputs(" |", f);
	}
	fputs("\n|", f);
	for (unsigned i = 0; i < t->column_count; i++)
		fputs(t->numbers[i] ? " ---: |" : " --- |", f);
	fputc('\n', f);
	for (unsigned i = 0; i < t->row_count && i < row_max; i++)
		row_markdown(f, t, &t->rows[i]);
	if (t->row_count > row_max)
		fprintf(f, "\n... and %u more.\n", t->row_count - row_max);
	fputc('\n', f);
}
