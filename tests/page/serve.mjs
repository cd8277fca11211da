// Serves a copy of a run, and checks in Chromium that list and page follow its records.
//   npm install --no-package-lock && node tests/page/serve.mjs BINARY RUN_DIR [SCREENSHOT_DIR]
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { check, close } from './tally.mjs';

const [binary, runDir, shots] = process.argv.slice(2);
if (!runDir) {
  console.error('usage: node tests/page/serve.mjs BINARY RUN_DIR [SCREENSHOT_DIR]');
  process.exit(2);
}
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
if (shots) mkdirSync(shots, { recursive: true });
const same = (what, found, expected) => (found === expected ? [] : [`${what}: ${found}, expected ${expected}`]);

// Two runs, finished and not, and one that has not begun.
const folder = mkdtempSync(join(tmpdir(), 'basinscope-serve-'));
const run = join(folder, 'a-run');
cpSync(runDir, run, { recursive: true, preserveTimestamps: true });
cpSync(runDir, join(folder, 'unfinished'), { recursive: true, preserveTimestamps: true });
rmSync(join(folder, 'unfinished/index.html'));
mkdirSync(join(folder, 'waiting/results'), { recursive: true });

/** Makes every run one that is running for half a minute from now, so that no state changes meanwhile. */
function touch() {
  for (const name of ['a-run', 'unfinished']) utimesSync(join(folder, name, 'config.toml'), new Date(), new Date());
}
touch();

const server = spawn(resolve(binary), ['serve', folder, '--port', '0', '--json', '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = new Promise(done => { server.on('exit', done); });
const line = await new Promise(done => { createInterface(server.stdout).on('line', done); });
const { url } = JSON.parse(line);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

/** Opens a page that notes what goes wrong in it. */
async function open(path, settings) {
  const context = await browser.newContext(settings);
  const page = await context.newPage();
  const errors = [];
  page.on('console', message => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', error => errors.push(String(error)));
  page.on('response', response => response.status() >= 400 && errors.push(`${response.status()} ${response.url()}`));
  page.on('request', request => request.url().startsWith(url) || request.url().startsWith('data:') || errors.push(`outside: ${request.url()}`));
  if (path !== null) await page.goto(url + path, { waitUntil: 'load' });
  return { context, page, errors };
}
async function accessible(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document));
  return found.violations.map(v => `${v.id}: ${v.help} (${v.nodes[0].target}, ${v.nodes.length}×)`);
}

try {
  for (const width of [390, 1280]) {
    for (const colorScheme of ['light', 'dark']) {
      const title = `list, ${width} px, ${colorScheme}`;
      const { context, page, errors } = await open('', { viewport: { width, height: width < 600 ? 844 : 800 }, colorScheme });
      const rows = await page.locator('tbody th').allTextContents();
      check(`${title}: rows`, same('runs', rows.join(), 'a-run,unfinished,waiting'));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      check(`${title}: no sideways scrolling`, same('pixels too wide', wide, 0));
      check(`${title}: accessibility`, await accessible(page));
      if (shots) await page.screenshot({ path: resolve(shots, `list-${width}-${colorScheme}.png`), fullPage: true });
      check(`${title}: console`, errors);
      await context.close();
    }
  }

  // From the list to the run; a record changes; the page follows and stays where it was read.
  const { context, page, errors } = await open('', { viewport: { width: 1280, height: 800 } });
  await page.getByRole('link', { name: 'a-run' }).click();
  await page.waitForLoadState('load');
  check('the run has its own address', same('address', page.url(), `${url}runs/a-run/`));
  check('the page of a run: accessibility', await accessible(page));
  await page.evaluate(() => {
    document.documentElement.style.scrollBehavior = 'auto';
    history.replaceState(null, '', '#numbers');
    const box = document.querySelector('details');
    if (box) box.open = !box.open;
    document.querySelector('footer').scrollIntoView();
    scrollBy(0, -700);
    document.querySelectorAll('a[href]')[3].focus({ preventScroll: true });
    window.before = true;
  });
  const state = () => page.evaluate(() => ({
    y: Math.round(scrollY), foot: Math.round(document.querySelector('footer').getBoundingClientRect().top), hash: location.hash, box: document.querySelector('details')?.open, focus: document.activeElement.textContent,
  }));
  const before = await state();
  const minima = join(run, 'results/minima.json');
  const records = JSON.parse(readFileSync(minima, 'utf8'));
  records[0].test_accuracy = 0.12345;
  writeFileSync(minima, JSON.stringify(records));
  await page.waitForFunction(() => !window.before, null, { timeout: 10000 });
  await page.getByText(/^Updated at \d\d:\d\d:\d\d$/).waitFor({ timeout: 5000 });
  const after = await state();
  check('there was something to scroll', before.y > 300 ? [] : [`only ${before.y} px`]);
  // The new number may change how long the text above is: what was in view stays there.
  check('the scroll position is kept', Math.abs(after.foot - before.foot) < 100 ? []
    : [`the footer ${after.foot} px below the top, expected about ${before.foot}; scrolled by ${after.y}, before by ${before.y}`]);
  check('the rest of the state is kept', ['hash', 'box', 'focus'].flatMap(key => same(key, after[key], before[key])));
  const shown = await page.evaluate(() => document.body.textContent.includes('12.3\u202f%'));
  check('the new number is shown', same('shown', shown, true));
  check('the updated page: accessibility', await accessible(page));
  if (shots) await page.screenshot({ path: resolve(shots, 'updated.png') });
  await pause(5000);
  check('without change nothing is loaded again', same('marker', await page.evaluate(() => {
    const marker = window.marked; window.marked = true; return marker;
  }), undefined));
  await pause(5000);
  check('and stays as it is', same('marker', await page.evaluate(() => window.marked), true));
  check('the note goes', same('note', await page.locator('body > p[role=status]').textContent(), ''));
  check('the page of a run: console', errors);
  await context.close();

  // A run that is taken away leads back to the list.
  const gone = await open('runs/waiting/', {});
  rmSync(join(folder, 'waiting'), { recursive: true });
  await gone.page.waitForURL(url, { timeout: 10000 });
  check('a run that is gone', same('rows', await gone.page.locator('tbody tr').count(), 2));
  await gone.context.close();

  // Times in the list go on without a reload.
  touch();
  const list = await open('', {});
  const ago = () => list.page.locator('#changed-a-run').textContent();
  const earlier = await ago();
  await list.page.evaluate(() => { window.marked = true; });
  await pause(5000);
  check('times go on', earlier !== await ago() ? [] : [`still ${earlier}`]);
  check('the list is not loaded again', same('marker', await list.page.evaluate(() => window.marked), true));
  check('list: console', list.errors);
  await list.context.close();

  // The server stops: a note, a few tries, then silence. The page's clock is turned forward.
  const last = await open(null, {});
  let asked = 0;
  last.page.on('requestfailed', () => { asked += 1; });
  await last.page.clock.install();
  await last.page.goto(`${url}runs/a-run/`, { waitUntil: 'load' });
  server.kill('SIGINT');
  check('Ctrl-C ends the server well', same('exit code', await ended, 0));
  for (let minute = 0; minute < 15; minute += 1) {
    await last.page.clock.fastForward(60000);
    await pause(150);
  }
  check('it gives up', same('tries', asked, 5));
  check('it says so', same('note', await last.page.locator('body > p[role=status]').textContent(), 'No longer live: the server does not answer'));
  check('no exceptions', last.errors.filter(error => !/ERR_CONNECTION_REFUSED/.test(error)));
  if (shots) await last.page.screenshot({ path: resolve(shots, 'stopped.png') });
  await last.context.close();
} finally {
  await browser.close();
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
close();
