/* plot_text.c: texts of figures: how wide they are, cut to a width, escaped. */
#include "bench/report/plot_internal.h"

#include <stdint.h>
#include <string.h>

#define ELLIPSIS_EM 1.0

/* One character of UTF-8 from *text on, which it moves past; what is no UTF-8
 * counts as one character a byte. */
static uint32_t next_character(const char **text)
{
	const unsigned char *s = (const unsigned char *)*text;
	unsigned more = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : s[0] >= 0xc0 ? 1 : 0;
	uint32_t c = more == 0 ? s[0] : s[0] & (0x3fu >> more);

	for (unsigned i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			*text += 1;
			return 0xfffd;
		}
		c = c << 6 | (s[i] & 0x3fu);
	}
	*text += 1 + more;
	return c;
}

/* What is not shown as a character: controls, directions, private ones. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0xe000 && c < 0xf900) || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	       c == 0x2029 || c == 0xfffe || c == 0xffff || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* In em, of DejaVu Sans and Verdana, the widest fonts of common screens. */
static double character_width(uint32_t c)
{
	if (c < 0x80 && strchr(" ijl.,:;|!'`I", (int)c) != NULL)
		return 0.36;
	if (c < 0x80 && strchr("frt()[]/\\-\"", (int)c) != NULL)
		return 0.43;
	if (c == 'm' || c == 'M' || c == 'w' || c == 'W' || c == '@' || c == '%')
		return 1.0;
	if ((c >= 'A' && c <= 'Z') || c == '+' || c == '=' || c == '<' || c == '>' || c == '#' ||
	    c == '_' || c == '~' || c == '&')
		return 0.84;
	if (c < 0x250)
		return 0.65;
	if (c >= 0x300 && c < 0x370)
		return 0;
	if (c >= 0x2000 && c < 0x2070)
		return ELLIPSIS_EM;
	if (c < 0x1100)
		return 0.9;
	return 1.4;
}

double plot_text_width(const char *text, double font)
{
	double width = 0;

	while (*text != '\0')
		width += character_width(next_character(&text));
	return width * font;
}

void plot_text_fit(char *out, const char *text, double font, double width)
{
	static const char ellipsis[] = "\xe2\x80\xa6";
	double em = 0;
	size_t length = 0, cut = 0;
	bool fits = true;

	while (*text != '\0') {
		const char *from = text;
		uint32_t c = next_character(&text);
		size_t nbytes = (size_t)(text - from);
		if (is_control(c) || c == 0xfffd) {
			from = "?";
			nbytes = 1;
			c = '?';
		}
		em += character_width(c);
		if (em * font > width || length + nbytes >= PLOT_TEXT_NBYTES) {
			fits = false;
			break;
		}
		memcpy(out + length, from, nbytes);
		length += nbytes;
		if ((em + ELLIPSIS_EM) * font <= width)
			cut = length;
	}
	out[length] = '\0';
	if (fits)
		return;
	while (cut > 0 && out[cut - 1] == ' ')
		cut--;
	strcpy(out + cut, cut > 0 ? ellipsis : "");
}

void plot_escape(FILE *f, const char *text)
{
	while (*text != '\0') {
		const char *from = text;
		uint32_t c = next_character(&text);
		if (c == '<')
			fputs("&lt;", f);
		else if (c == '>')
			fputs("&gt;", f);
		else if (c == '&')
			fputs("&amp;", f);
		else if (c == '"')
			fputs("&quot;", f);
		else if (is_control(c) || c == 0xfffd)
			fputc(c == '\n' || c == '\t' ? ' ' : '?', f);
		else
			fwrite(from, 1, (size_t)(text - from), f);
	}
}
