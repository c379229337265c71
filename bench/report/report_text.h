/*
 * report_text.h: texts of a report in fields of a fixed size. Labels, reasons
 * and sources may be of any length: what has no room is cut between characters
 * of UTF-8, never within one, and ends in an ellipsis.
 */
#ifndef GVR_REPORT_TEXT_H
#define GVR_REPORT_TEXT_H

#include <stddef.h>

/* As snprintf; capacity: at least 4. Not for precisions ("%.9s"), which cut anywhere. */
void report_text(char *out, size_t capacity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, behind what is there. */
void report_text_add(char *out, size_t capacity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, after "; " if something is there. */
void report_text_item(char *out, size_t capacity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A number without a unit: 3 significant digits, 2 below 0.1, as "0.022", "3.25",
 * "1242"; "-": NAN. */
void report_text_number(char *out, size_t capacity, double value);

#endif
