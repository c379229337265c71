// Opens reports in headless Chromium as a reader would: on a desk and in a hand,
// in light and in dark, and printed. Says what is wrong, a line each; exits 1 then.
//
// usage: node report_check.js OUT-DIR REPORT.html...
// BROWSER: the address of one that runs; NODE_MODULES: where puppeteer-core and axe-core are.
'use strict';
const fs = require('fs');
const path = require('path');
const modules = process.env.NODE_MODULES;
const puppeteer = require(path.join(modules, 'puppeteer-core'));
const axe = fs.readFileSync(path.join(modules, 'axe-core', 'axe.min.js'), 'utf8');

const WIDTHS = [380, 1280];
const SCHEMES = ['light', 'dark'];
const PAGE_BYTES_MAX = 2e6;

let wrong = 0, marksSeen = 0;
function complain(where, what) {
	wrong++;
	console.log(`${where}: ${what}`);
}

// ---- what is looked at inside the page ----

// Text that covers text, leaves its figure or is cut off; figures without words.
function layoutFaults(width) {
	const faults = [];
	const shown = (e) => e.getClientRects().length > 0;
	const cut = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5 &&
		Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1.5;
	const say = (s) => JSON.stringify(s.trim().slice(0, 60));
	const inner = (r) => ({ left: r.left, right: r.right, // a line's box is higher than its letters
		top: r.top + (r.bottom - r.top) * 0.2, bottom: r.bottom - (r.bottom - r.top) * 0.2 });

	if (document.documentElement.scrollWidth > width)
		faults.push(`the page is ${document.documentElement.scrollWidth} px wide`);
	for (const svg of document.querySelectorAll('svg')) {
		if (!shown(svg))
			continue;
		const box = svg.getBoundingClientRect();
		const texts = [...svg.querySelectorAll('text')].filter(shown).map(
			(t) => ({ text: t.textContent, box: t.getBoundingClientRect() }));
		if (texts.length < 3)
			faults.push(`a figure with ${texts.length} texts: ${say(svg.getAttribute('aria-label') || '')}`);
		for (const [i, t] of texts.entries()) {
			if (t.box.left < box.left - 1 || t.box.right > box.right + 1 ||
			    t.box.top < box.top - 1 || t.box.bottom > box.bottom + 1)
				faults.push(`clipped in a figure: ${say(t.text)}`);
			for (const u of texts.slice(i + 1))
				if (cut(inner(t.box), inner(u.box)))
					faults.push(`in a figure ${say(t.text)} covers ${say(u.text)}`);
		}
		if (svg.getAttribute('role') !== 'img' || (svg.getAttribute('aria-label') || '').length < 40)
			faults.push('a figure without words for who cannot see it');
	}
	const lines = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let node = walk.nextNode(); node !== null && lines.length < 4000; node = walk.nextNode()) {
		if (node.textContent.trim() === '' || node.parentElement.closest('svg, style'))
			continue;
		const scrolled = node.parentElement.closest('[tabindex]');
		const range = document.createRange();
		range.selectNodeContents(node);
		for (const box of range.getClientRects()) {
			if (!scrolled && (box.left < -1 || box.right > width + 1))
				faults.push(`cut off at the edge: ${say(node.textContent)}`);
			lines.push({ node, box: inner(box), scrolled });
		}
	}
	lines.sort((a, b) => a.box.top - b.box.top);
	for (let i = 0; i < lines.length; i++)
		for (let k = i + 1; k < lines.length && lines[k].box.top < lines[i].box.bottom; k++)
			if (lines[i].node !== lines[k].node && lines[i].scrolled === lines[k].scrolled &&
			    cut(lines[i].box, lines[k].box))
				faults.push(`${say(lines[i].node.textContent)} covers ${say(lines[k].node.textContent)}`);
	return [...new Set(faults)].slice(0, 20);
}

// The colours of the things drawn in each figure, and what lies behind them.
function figureColours() {
	const figures = [];
	for (const svg of document.querySelectorAll('svg')) {
		if (svg.getClientRects().length === 0)
			continue;
		const marks = new Set();
		for (const e of svg.querySelectorAll('[class]')) {
			const style = getComputedStyle(e);
			// strokes and fills of engines (8: of none), in full strength
			if (/^s[0-8]$/.test(e.getAttribute('class')))
				marks.add(style.stroke);
			if (/^f[0-8]$/.test(e.getAttribute('class')))
				marks.add(style.fill);
		}
		figures.push({ label: (svg.getAttribute('aria-label') || '').slice(0, 40), marks: [...marks] });
	}
	return { back: getComputedStyle(document.body).backgroundColor, figures };
}

// ---- colours ----

const parse = (rgb) => rgb.match(/[\d.]+/g).slice(0, 3).map(Number);
const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
const luminance = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
function contrast(a, b) { // WCAG 2
	const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
	return (x + 0.05) / (y + 0.05);
}
// Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB
const SEEN = {
	protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
	deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
	tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
};
function lab(rgb, matrix) {
	let l = rgb.map(linear);
	if (matrix)
		l = matrix.map((r) => Math.min(1, Math.max(0, r[0] * l[0] + r[1] * l[1] + r[2] * l[2])));
	const xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]].map(
		(r) => r[0] * l[0] + r[1] * l[1] + r[2] * l[2]);
	const f = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
	const [x, y, z] = [f(xyz[0] / 0.9505), f(xyz[1]), f(xyz[2] / 1.089)];
	return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
const apart = (a, b, m) => Math.hypot(...lab(a, m).map((v, i) => v - lab(b, m)[i]));

function checkColours(where, { back, figures }) {
	const behind = parse(back);
	for (const { label, marks } of figures) {
		const colours = marks.map(parse);
		for (const [i, a] of colours.entries()) {
			if (contrast(a, behind) < 3)
				complain(where, `${label}: ${marks[i]} on ${back}: contrast ${contrast(a, behind).toFixed(2)}`);
			for (let k = i + 1; k < colours.length; k++)
				for (const who of Object.keys(SEEN))
					if (apart(a, colours[k], SEEN[who]) < 10)
						complain(where, `${label}: ${marks[i]} and ${marks[k]} look alike with ${who}`);
		}
	}
	return figures.reduce((sum, f) => sum + f.marks.length, 0);
}

// ---- a page ----

async function look(browser, file, width, scheme, out) {
	const where = `${file} ${width} px ${scheme}`;
	const page = await browser.newPage();
	page.on('console', (m) => ['error', 'warn'].includes(m.type()) && complain(where, `console: ${m.text()}`));
	page.on('pageerror', (e) => complain(where, `error: ${e.message}`));
	page.on('dialog', (d) => { complain(where, `a script ran: ${d.message()}`); d.dismiss(); });
	page.on('request', (r) => r.url().startsWith('file:') && r.url().endsWith(path.basename(file)) ||
		r.url().startsWith('data:') || complain(where, `asks for ${r.url()}`));
	await page.setViewport({ width, height: 900, isMobile: width < 600, hasTouch: width < 600 });
	await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
	await page.goto(`file://${path.resolve(file)}`);
	for (const fault of await page.evaluate(layoutFaults, width))
		complain(where, fault);
	marksSeen += checkColours(where, await page.evaluate(figureColours));
	// after the page itself was judged: this script is ours, not the page's
	await page.setBypassCSP(true);
	await page.reload();
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => window.axe.run(document));
	for (const v of violations)
		complain(where, `axe ${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 120)}`);
	const shot = `${path.basename(path.dirname(path.resolve(file)))}-${width}-${scheme}`;
	await page.screenshot({ path: path.join(out, `${shot}.png`), fullPage: true });
	if (width > 600 && scheme === 'light') {
		await page.pdf({ path: path.join(out, `${shot}.pdf`), format: 'A4' });
		if (fs.statSync(path.join(out, `${shot}.pdf`)).size < 10000)
			complain(where, 'nothing to print');
	}
	await page.close();
}

async function main() {
	const [out, ...files] = process.argv.slice(2);
	const browser = await puppeteer.connect({ browserURL: process.env.BROWSER, defaultViewport: null });
	for (const file of files) {
		if (fs.statSync(file).size > PAGE_BYTES_MAX)
			complain(file, `${fs.statSync(file).size} bytes`);
		for (const width of WIDTHS)
			for (const scheme of SCHEMES)
				await look(browser, file, width, scheme, out);
	}
	await browser.disconnect();
	if (marksSeen === 0) // else this check has gone blind
		complain(files.join(' '), 'no figure shows anything');
	process.exitCode = wrong > 0 ? 1 : 0;
}
main().catch((e) => { console.log(e.stack); process.exitCode = 2; });
