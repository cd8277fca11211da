// Opens RUN/index.html in Chromium on a phone, a laptop and a large screen, light and dark, checks
// it, and plays with it.
//   npm install --no-package-lock && node tests/page/check.mjs RUN_DIR [SCREENSHOT_DIR]
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { check, close } from './tally.mjs';
import { landscape } from './play/landscape.mjs';
import { minefield } from './play/minefield.mjs';
import { nets } from './play/nets.mjs';
import { touch } from './play/touch.mjs';
import { volume } from './play/volume.mjs';
import { wiggle } from './play/wiggle.mjs';

/** Largest page, and the time within which something must be seen. */
const MEGABYTES = 8;
const SECONDS = 1;

const [runDir, shots] = process.argv.slice(2);
if (!runDir) {
  console.error('usage: node tests/page/check.mjs RUN_DIR [SCREENSHOT_DIR]');
  process.exit(2);
}
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const has = file => existsSync(resolve(runDir, file));
const path = file => resolve(runDir, file);
const read = file => JSON.parse(readFileSync(path(file), 'utf8'));
if (shots) mkdirSync(shots, { recursive: true });

// The stations that this page must have: those of a story, of one experiment, or of several.
const sheets = has('results/sheet.json') ? [read('results/sheet.json')]
  : readdirSync(runDir).filter(name => has(`${name}/results/sheet.json`)).map(name => read(`${name}/results/sheet.json`));
const several = sheets.length > 0 && !has('results/sheet.json');
const sections = several ? sheets.map(sheet => sheet.experiment) : [];
if (sheets.length === 0) {
  sections.push('mystery', 'minima', 'numbers', 'sources');
  if (has('results/minefield.json')) sections.push('minefield');
  if (has('results/slices.json') || has('figures/slices.svg')) sections.push('flatness');
  if (has('figures/boundaries.svg')) sections.push('boundaries');
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
    const mismatches = same.map(record => Object.entries(row.cells).flatMap(([field, said]) => {
      const expected = record[field];
      // A cutoff from the minimum's own loss says so, and no other does.
      const fromOwn = field === 'cutoff' && record.region === 'excess' ? 'own loss + ' : '';
      const text = said.startsWith(fromOwn) ? said.slice(fromOwn.length) : 'no own loss';
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
  for (const width of [390, 1280, 1920]) {
    for (const colorScheme of ['light', 'dark']) {
      const title = `${width} px, ${colorScheme}`;
      const context = await browser.newContext({ viewport: { width, height: { 390: 844, 1280: 800, 1920: 1080 }[width] }, colorScheme });
      const page = await context.newPage();
      const errors = [];
      const outside = [];
      page.on('console', message => message.type() === 'error' && errors.push(message.text()));
      page.on('pageerror', error => errors.push(String(error)));
      page.on('request', request => /^(file|data):/.test(request.url()) || outside.push(request.url()));
      await page.goto(url, { waitUntil: 'load' });
      if (await page.locator('#run-data').count()) await page.waitForFunction(() => document.documentElement.dataset.ready);
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
  const megabytes = statSync(path('index.html')).size / 1e6;
  check('size', megabytes <= MEGABYTES ? [] : [`${megabytes.toFixed(2)} MB`]);

  const open = async (options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, ...options });
    const page = await context.newPage();
    page.on('pageerror', error => check('no error while playing', [String(error)]));
    page.on('console', message => message.type() === 'error' && check('no error while playing', [message.text()]));
    await page.goto(url);
    return page;
  };
  const playful = await open();
  // A machine with other work may load a page before it paints it.
  await playful.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length);
  const painted = await playful.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000);
  console.log(`first picture after ${painted.toFixed(2)} s, ${megabytes.toFixed(2)} MB`);
  check('first picture', painted <= SECONDS ? [] : [`after ${painted} s`]);
  if (await playful.locator('#run-data').count()) {
    await playful.waitForFunction(() => document.documentElement.dataset.ready);
    const dead = await playful.evaluate(() => [...document.querySelectorAll('[data-play]')].filter(place => place.firstElementChild.hidden).map(place => place.id));
    check('every widget lives', dead);
    for (const play of [nets, minefield, wiggle, landscape, volume]) {
      const page = await open();
      await page.waitForFunction(() => document.documentElement.dataset.ready);
      try {
        await play(page, { run: { has, read, path }, check });
      } catch (error) {
        check(`${play.name}: to its end`, [String(error)]);
      }
      await page.context().close();
    }
    const phone = await open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await phone.waitForFunction(() => document.documentElement.dataset.ready);
    await touch(phone, { check });
    await phone.context().close();
    // Nonsense in the address is passed over.
    for (const nonsense of ['volume?pin=100%&sigma=NaN', 'boundaries?c=NaN&draw=1e300&along=nowhere', 'minefield?epoch=-3&map=none', 'flatness?plane=x&a=99&turn=1e300']) {
      const odd = await (await browser.newContext()).newPage();
      const wrong = [];
      odd.on('pageerror', error => wrong.push(String(error)));
      await odd.goto(`${url}#${nonsense}`);
      await odd.waitForFunction(() => document.documentElement.dataset.ready, null, { timeout: 10000 }).catch(() => wrong.push('never ready'));
      check(`an address with ${nonsense}`, wrong);
      await odd.context().close();
    }
    // Every figure saves what it shows.
    for (const name of await playful.evaluate(() => [...document.querySelectorAll('[data-play] .save')].map(row => row.closest('[data-play]').dataset.play))) {
      const problems = [];
      for (const [kind, starts] of [['SVG', '<svg'], ['PNG', '\u2030PNG'], ['CSV', ''], ['JSON', '{']]) {
        const [saved] = await Promise.all([playful.waitForEvent('download', { timeout: 10000 }),
          playful.locator(`[data-play="${name}"] .save`).first().getByText(kind, { exact: true }).click()]);
        const content = readFileSync(await saved.path());
        const begins = kind === 'PNG' ? (content.readUInt32BE(0) === 0x89504e47 ? starts : 'no PNG') : content.toString('utf8').slice(0, 4);
        if (content.length < 100 || !begins.startsWith(starts)) problems.push(`${kind}: ${content.length} bytes, begins ${begins}`);
        if (kind === 'JSON' && !JSON.parse(content).rows.length) problems.push('JSON without rows');
      }
      check(`${name}: saves SVG, PNG, CSV and JSON`, problems);
    }
    // Readers who asked for less motion see nothing move unasked.
    const calm = await open({ reducedMotion: 'reduce' });
    const moved = await calm.evaluate(async () => {
      const pictures = () => [...document.querySelectorAll('[data-play] canvas')].map(canvas => canvas.toDataURL());
      await new Promise(done => setTimeout(done, 1500));
      const before = pictures();
      await new Promise(done => setTimeout(done, 500));
      return pictures().filter((picture, i) => picture !== before[i]).length;
    });
    check('reduced motion', moved ? [`${moved} pictures move`] : []);
    await calm.context().close();
    // Without scripts the still pictures stand.
    const plain = await open({ javaScriptEnabled: false });
    const places = await plain.locator('[data-play] .live').all();
    const seen = await Promise.all(places.map(place => place.isVisible()));
    const stills = await plain.locator('[data-replaced-by]').all();
    const gone = (await Promise.all(stills.map(still => still.isVisible()))).filter(visible => !visible);
    check('without scripts', [...seen.filter(Boolean).map(() => 'an empty widget shows'), ...gone.map(() => 'a still picture is hidden')]);
    await plain.context().close();
  }
  await playful.context().close();
} finally {
  await browser.close();
}
close();
