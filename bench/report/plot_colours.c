/*
 * plot_colours.c: the colours of figures and their rules of CSS. A mark stands
 * out 3:1 from the page and a text 4.5:1 (WCAG 2). Those of engines were searched
 * for, near blue, orange, green and so on, until eyes that lack one kind of cones
 * tell them apart too; tests/test_plot.c holds them to all of this.
 */
#include "bench/report/plot_internal.h"

const unsigned plot_paper[2] = {0xffffff, 0x14171a};

const double plot_shade_opacity[PLOT_SHADES] = {1, 0.62, 0.38, 0.2};

/*                                     marks: light, dark    text: light, dark */
const struct plot_paint plot_paints[PLOT_INKS] = {
	[0] = {{0x105fbd, 0x557fcc}, {0x105fbd, 0x7496d5}},
	[1] = {{0xe06b14, 0xe98842}, {0xb15510, 0xe98842}},
	[2] = {{0x15a378, 0x8ad6a1}, {0x107e5c, 0x8ad6a1}},
	[3] = {{0x9f4187, 0xf2a1db}, {0x9f4187, 0xf2a1db}},
	[4] = {{0x745f00, 0xd4ba74}, {0x745f00, 0xd4ba74}},
	[5] = {{0x322187, 0xcc9efd}, {0x322187, 0xcc9efd}},
	[6] = {{0x791756, 0xca75a9}, {0x791756, 0xcd7cad}},
	[7] = {{0x62615a, 0xb2b6b2}, {0x62615a, 0xb2b6b2}},
	[PLOT_NEUTRAL] = {{0x6b7278, 0x9aa2a9}, {0x596066, 0xa9b1b8}},
	[PLOT_STORE_AREA] = {{0xd3e6f4, 0x17384f}, {0x0a5585, 0x8cc9ee}},
	[PLOT_MAKE_AREA] = {{0xfbe2cf, 0x4f2f17}, {0x8a3d00, 0xf6b283}},
	[PLOT_UNSURE_AREA] = {{0xe3e5e7, 0x3a3f44}, {0x50575d, 0xb7bec5}},
	[PLOT_INK_TEXT] = {{0x1b1f23, 0xe6e9ec}, {0x1b1f23, 0xe6e9ec}},
	[PLOT_INK_MUTED] = {{0x596066, 0xa9b1b8}, {0x596066, 0xa9b1b8}},
	[PLOT_INK_GRID] = {{0xe3e6e8, 0x2c3136}, {0xe3e6e8, 0x2c3136}},
	[PLOT_INK_LINE] = {{0x7d848a, 0x8d959c}, {0x596066, 0xa9b1b8}},
};

unsigned plot_ink_of(unsigned colour)
{
	return colour < PLOT_COLOURS ? colour : PLOT_NEUTRAL;
}

static void properties(FILE *f, unsigned dark)
{
	for (unsigned i = 0; i < PLOT_INKS; i++)
		fprintf(f, "--m%u:#%06x;--t%u:#%06x;", i, plot_paints[i].mark[dark], i,
			plot_paints[i].text[dark]);
	fprintf(f, "--paper:#%06x", plot_paper[dark]);
}

void plot_css(FILE *f)
{
	fputs(".figure{", f);
	properties(f, 0);
	fputs("}\n@media screen and (prefers-color-scheme:dark){.figure{", f);
	properties(f, 1);
	fputs("}}\n.figure{display:block;max-width:100%;height:auto}\n"
	      ".figure text{font-family:system-ui,sans-serif}\n"
	      ".figure .h{paint-order:stroke;stroke:var(--paper);stroke-width:3px;"
	      "stroke-linejoin:round}\n"
	      ".figure .paper{fill:var(--paper)}\n",
	      f);
	for (unsigned i = 0; i < PLOT_INKS; i++)
		fprintf(f,
			".figure .s%u{stroke:var(--m%u)}.figure .f%u{fill:var(--m%u)}"
			".figure .c%u{fill:var(--t%u)}\n",
			i, i, i, i, i, i);
	for (unsigned i = 1; i < PLOT_SHADES; i++)
		fprintf(f, ".figure .d%u{opacity:%g}", i, plot_shade_opacity[i]);
	fputc('\n', f);
}
