/* utf8.h: characters of UTF-8, and how wide a terminal shows them. Not thread-safe. */
#ifndef GVR_UTF8_H
#define GVR_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The character at text and its length; 0: it is no UTF-8, and one byte long. */
uint32_t utf8_decode(const char *text, size_t *nbytes);

/* text as a name: letters and digits of any script with their marks, '-', '_' and '.'
 * are kept, any other character or byte becomes '_'. Cut between characters to
 * capacity - 1 bytes. */
void utf8_name(char *out, size_t capacity, const char *text);

/* Copies as many whole characters of text as have room in `columns` of a terminal and
 * in capacity bytes; what a terminal cannot show becomes '?'. Returns the columns
 * they take. */
unsigned utf8_fit(char *out, size_t capacity, const char *text, unsigned columns);

#endif
