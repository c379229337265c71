/* html.h: text that may be anything, as part of a page or of Markdown. */
#ifndef GVR_HTML_H
#define GVR_HTML_H

#include <stdio.h>

/* As text of an element or value of an attribute in double quotes. What moves
 * other text or cannot be seen (control characters, marks of direction, of no
 * width), and what is no UTF-8, is U+FFFD; a newline stays. */
void html_text(FILE *f, const char *text);

/* As a line of code in Markdown: as it is, but for what html_text replaces. */
void markdown_code(FILE *f, const char *text);

/* As text of one line of Markdown, none of it markup. */
void markdown_text(FILE *f, const char *text);

/* A path as a relative address: "run-0001/a%20b.html". */
void html_address(FILE *f, const char *path);

#endif
