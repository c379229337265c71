#include "bench/report/html.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "workloads/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

static bool is_shown(uint32_t c)
{
	static const uint32_t hidden[][2] = {
		{0, 0x9},	  {0xb, 0x1f},	      {0x7f, 0x9f},	    {0xad, 0xad},
		{0x61c, 0x61c},	  {0x180e, 0x180e},   {0x200b, 0x200f},	    {0x2028, 0x202e},
		{0x2060, 0x206f}, {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},	    {0xfff0, 0xfffb},
		{0xfffe, 0xffff}, {0xe0000, 0xe007f}, {0x10fffe, 0x10ffff},
	};

	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		if (c >= hidden[i][0] && c <= hidden[i][1])
			return false;
	return (c & 0xfffe) != 0xfffe; /* of no plane */
}

/* Calls put for every character: of the ASCII ones with c, else with its bytes. */
static void each(FILE *f, const char *text, void (*put)(FILE *f, char c))
{
	size_t nbytes;

	for (; *text != '\0'; text += nbytes) {
		uint32_t c = utf8_decode(text, &nbytes);
		if (!is_shown(c))
			fputs(REPLACEMENT, f);
		else if (nbytes > 1)
			fwrite(text, 1, nbytes, f);
		else
			put(f, (char)c);
	}
}

static void put_html(FILE *f, char c)
{
	switch (c) {
	case '&':
		fputs("&amp;", f);
		break;
	case '<':
		fputs("&lt;", f);
		break;
	case '>':
		fputs("&gt;", f);
		break;
	case '"':
		fputs("&quot;", f);
		break;
	case '\'':
		fputs("&#39;", f);
		break;
	default:
		fputc(c, f);
	}
}

void html_text(FILE *f, const char *text)
{
	each(f, text, put_html);
}

static void put_code(FILE *f, char c)
{
	fputc(c == '\n' ? ' ' : c, f);
}

void markdown_code(FILE *f, const char *text)
{
	each(f, text, put_code);
}

static void put_markdown(FILE *f, char c)
{
	if (strchr("\\`*_[]<>|#~&$@", c) != NULL)
		fputc('\\', f);
	fputc(c == '\n' ? ' ' : c, f);
}

void markdown_text(FILE *f, const char *text)
{
	each(f, text, put_markdown);
}

void html_address(FILE *f, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._~/";

	for (; *path != '\0'; path++)
		if (strchr(plain, *path) != NULL)
			fputc(*path, f);
		else
			fprintf(f, "%%%02X", (unsigned char)*path);
}
