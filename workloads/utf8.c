#include "workloads/utf8.h"

#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

uint32_t utf8_decode(const char *text, size_t *nbytes)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)text;
	unsigned n = s[0] < 0x80   ? 1
		     : s[0] < 0xc0 ? 0
		     : s[0] < 0xe0 ? 2
		     : s[0] < 0xf0 ? 3
		     : s[0] < 0xf8 ? 4
				   : 0;

	*nbytes = 1;
	if (n <= 1)
		return n == 1 ? s[0] : 0;
	uint32_t c = s[0] & (0x7fu >> n);
	for (unsigned i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*nbytes = n;
	return c;
}

/* The C library's tables of characters, whatever the user's locale. 0: it has none. */
static locale_t characters(void)
{
	static locale_t locale;

	if (locale == (locale_t)0)
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return locale;
}

/* -1: nothing that can be shown. */
static int width(uint32_t c)
{
	locale_t locale = characters();

	if (c < 0x80 || locale == (locale_t)0)
		return c >= 0x20 && c < 0x7f ? 1 : -1;
	locale_t before = uselocale(locale);
	int columns = wcwidth((wchar_t)c);
	uselocale(before);
	return columns;
}

/* Letters and marks to the C library, and yet nothing to see. */
static bool is_default_ignorable(uint32_t c)
{
	return c == 0x34f || (c >= 0x115f && c <= 0x1160) || (c >= 0x17b4 && c <= 0x17b5) ||
	       (c >= 0x180b && c <= 0x180f) || c == 0x3164 || (c >= 0xfe00 && c <= 0xfe0f) ||
	       c == 0xffa0 || (c >= 0xe0000 && c <= 0xe0fff);
}

static bool is_of_a_word(uint32_t c)
{
	locale_t locale = characters();

	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
	if (locale == (locale_t)0 || is_default_ignorable(c))
		return false;
	return iswalnum_l((wint_t)c, locale) ||
	       iswctype_l((wint_t)c, wctype_l("combining", locale), locale);
}

void utf8_name(char *out, size_t capacity, const char *text)
{
	size_t length = 0, nbytes;

	for (; *text != '\0'; text += nbytes) {
		uint32_t c = utf8_decode(text, &nbytes);
		bool kept = c == '-' || c == '_' || c == '.' || is_of_a_word(c);
		size_t kept_nbytes = kept ? nbytes : 1;
		if (length + kept_nbytes >= capacity)
			break;
		memcpy(out + length, kept ? text : "_", kept_nbytes);
		length += kept_nbytes;
	}
	out[length] = '\0';
}

unsigned utf8_fit(char *out, size_t capacity, const char *text, unsigned columns)
{
	unsigned used = 0;
	size_t length = 0, nbytes;

	for (; *text != '\0'; text += nbytes) {
		int wide = width(utf8_decode(text, &nbytes));
		const char *shown = wide < 0 ? "?" : text;
		size_t shown_nbytes = wide < 0 ? 1 : nbytes;
		unsigned takes = wide < 0 ? 1 : (unsigned)wide;
		if (used + takes > columns || length + shown_nbytes >= capacity)
			break;
		memcpy(out + length, shown, shown_nbytes);
		length += shown_nbytes;
		used += takes;
	}
	out[length] = '\0';
	return used;
}
