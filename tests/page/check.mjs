// Opens RUN/index.html in Chromium, on a phone and a laptop, light and dark, and checks it.
//   npm install --no-package-lock && node tests/page/check.mjs RUN_DIR [SCREENSHOT_DIR]
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [runDir, shots] = process.argv.slice(2);
if (!runDir) {
  console.error('usage: node tests/page/check.mjs RUN_DIR [SCREENSHOT_DIR]');
  process.exit(2);
}
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const has = file => existsSync(resolve(runDir, file));
const read = file => JSON.parse(readFileSync(resolve(runDir, file), 'utf8'));
if (shots) mkdirSync(shots, { recursive: true });

let passed = 0;
let failed = 0;
function check(name, problems) {
  if (problems.length === 0) {
    passed += 1;
  } else {
    failed += 1;
    console.log(`FAILED ${name}\n  ${problems.slice(0, 10).join('\n  ')}`);
  }
}

// The stations that this page must have: those of a story, of one experiment, or of several.
const sheets = has('results/sheet.json') ? [read('results/sheet.json')]
  : readdirSync(runDir).filter(name => has(`${name}/results/sheet.json`)).map(name => read(`${name}/results/sheet.json`));
const several = sheets.length > 0 && !has('results/sheet.json');
const sections = several ? sheets.map(sheet => sheet.experiment) : [];
if (sheets.length === 0) {
  sections.push('mystery', 'minima', 'numbers', 'sources');
  if (has('results/minefield.json')) sections.push('minefield');
  if (has('results/slices.json') || has('figures/slices.svg')) sections.push('flatness');
  if (has('figures/boundaries.svg') || has('figures/wiggle.gif')) sections.push('boundaries');
  if (has('results/volumes.json') || has('results/local-volumes.json')) sections.push('volume');
}

// A displayed number against the record, to the precision it is displayed with.
const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
function shown(text) {
  let value = text.replace(/[\s,\u202f%]/g, '').replace(/−/g, '-');
  value = value.replace(/×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, (_, power) =>
    'e' + [...power].map(c => (c === '⁻' ? '-' : superscripts.indexOf(c))).join(''));
  const match = value.match(/^-?\d+(?:\.(\d+))?(?:e(-?\d+))?$/);
  if (!match) return null;
  const unit = 10 ** (Number(match[2] ?? 0) - (match[1]?.length ?? 0));
  return { value: Number(value), half: 0.5000001 * unit };
}
function compare(records, rows) {
  const percent = new Set(['test_accuracy', 'train_accuracy', 'generalization_gap', 'sample_test_accuracy', 'sample_test_accuracy_range']);
  const agrees = (text, expected, unit) => {
    const number = shown(text ?? '');
    return number && Math.abs(number.value - unit * expected) <= number.half + 1e-12 * Math.abs(unit * expected);
  };
  const problems = [];
  if (rows.length !== records.length) problems.push(`${rows.length} rows for ${records.length} records`);
  const left = [...records];
  for (const row of rows) {
    const at = left.findIndex(r => (r.minimum ?? r.name) === row.minimum);
    if (at < 0) { problems.push(`${row.minimum}: no such record`); continue; }
    const key = JSON.stringify([left[at].normalization, left[at].cutoff, left[at].method]);
    const same = left.filter(r => (r.minimum ?? r.name) === row.minimum);
    const mismatches = same.map(record => Object.entries(row.cells).flatMap(([field, text]) => {
      const expected = record[field];
      const unit = percent.has(field) ? 100 : 1;
      const parts = text.split(' – ');
      let good = true;
      if (typeof expected === 'number') good = agrees(text, expected, unit);
      else if (typeof expected === 'boolean') good = text === (expected ? 'yes' : 'no') || field === 'poison_redrawn';
      else if (expected === null) good = text === '–';
      else if (typeof expected?.[0] === 'number' && parts.length === 2) good = expected.every((end, i) => agrees(parts[i], end, unit));
      return good ? [] : [`${row.minimum} ${field}: page "${text}", record ${expected} ${key}`];
    }));
    const best = mismatches.reduce((a, b, i) => (b.length < mismatches[a].length ? i : a), 0);
    problems.push(...mismatches[best]);
    left.splice(left.indexOf(same[best]), 1);
  }
  return problems;
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const url = pathToFileURL(resolve(runDir, 'index.html')).href;
try {
  for (const width of [390, 1280]) {
    for (const colorScheme of ['light', 'dark']) {
      const title = `${width} px, ${colorScheme}`;
      const context = await browser.newContext({ viewport: { width, height: width < 600 ? 844 : 800 }, colorScheme });
      const page = await context.newPage();
      const errors = [];
      const outside = [];
      page.on('console', message => message.type() === 'error' && errors.push(message.text()));
      page.on('pageerror', error => errors.push(String(error)));
      page.on('request', request => /^(file|data):/.test(request.url()) || outside.push(request.url()));
      await page.goto(url, { waitUntil: 'load' });
      const images = await page.evaluate(async () => {
        document.querySelectorAll('details').forEach(box => { box.open = true; });
        const bad = [];
        for (const image of document.images) {
          try { await image.decode(); } catch { /* judged by its size */ }
          if (!image.naturalWidth) bad.push(`broken: ${image.alt.slice(0, 60)}`);
          if (!image.alt) bad.push('an image without alt text');
        }
        return bad;
      });
      check(`${title}: images`, images);
      check(`${title}: console`, errors);
      check(`${title}: nothing from the network`, outside);
      const missing = await page.evaluate(ids => ids.filter(id => !document.querySelector(`section#${id} h2`)), sections);
      check(`${title}: sections`, missing);
      const overflow = await page.evaluate(() => {
        const room = document.documentElement.clientWidth;
        return document.documentElement.scrollWidth <= room ? [] : [...document.querySelectorAll('body *')]
          .filter(e => e.getBoundingClientRect().right > room + 1 && !e.closest('.scroller, pre, .formula'))
          .map(e => `${e.tagName} ${e.className} ${e.id} ends at ${e.getBoundingClientRect().right}`).concat(['the page scrolls sideways']);
      });
      check(`${title}: no sideways scrolling`, overflow);
      for (const sheet of sheets) {
        const rows = await page.evaluate(name => [...document.querySelectorAll(`[aria-label="Sheet of ${name}"] tbody tr`)]
          .map(row => [...row.children].map(cell => cell.textContent)), sheet.experiment);
        const records = sheet.rows.map(row => [row.quantity, row.published, row.ours, row.bar, row.pass ? 'pass' : 'miss']);
        check(`${title}: sheet of ${sheet.experiment}`, JSON.stringify(rows) === JSON.stringify(records) ? [] : [JSON.stringify(rows)]);
        if (several) continue;
        const shown = await page.locator('figure').count();
        check(`${title}: pictures of ${sheet.experiment}`, shown === sheet.pictures.length ? [] : [`${shown} of ${sheet.pictures.length}`]);
      }
      const whole = records => records;
      // A row for each point of each curve.
      const points = records => records.flatMap(({ minimum, method, curve }) => curve.map(point => ({ minimum, method, ...point })));
      const tables = [['overview', 'minima', whole], ['table-minima', 'minima', whole], ['table-volumes', 'volumes', whole],
        ['table-local-volumes', 'local-volumes', whole], ['table-local-curves', 'local-volumes', points]];
      for (const [id, file, flat] of sheets.length ? [] : tables) {
        if (!has(`results/${file}.json`)) continue;
        const rows = await page.evaluate(id => [...document.querySelectorAll(`#${id} tbody tr`)].map(row => ({
          minimum: row.dataset.minimum,
          cells: Object.fromEntries([...row.querySelectorAll('td')].map(cell => [cell.dataset.field, cell.textContent])),
        })), id);
        check(`${title}: ${id} agrees with ${file}.json`, compare(flat(read(`results/${file}.json`)), rows));
      }
      await page.evaluate(axeSource);
      const found = await page.evaluate(() => globalThis.axe.run(document));
      check(`${title}: accessibility`, found.violations.map(v => `${v.id}: ${v.help} (${v.nodes[0].target}, ${v.nodes.length}×)`));
      if (shots) {
        await page.evaluate(() => document.querySelectorAll('details').forEach(box => { box.open = false; }));
        await page.screenshot({ path: resolve(shots, `${width}-${colorScheme}.png`), fullPage: true });
      }
      await context.close();
    }
  }
  // Readers who asked for less motion get the still.
  if (has('figures/wiggle.gif') && sheets.length === 0) {
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(url);
    const problems = [];
    if (await page.locator('img.moving').isVisible()) problems.push('the animation plays unasked');
    await page.locator('#still').check();
    if (!(await page.locator('img.moving').isVisible())) problems.push('it cannot be played on request');
    check('reduced motion', problems);
    await context.close();
  }
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
