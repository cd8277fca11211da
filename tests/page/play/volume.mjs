// The volume widget: its numbers against the records, σ by slider and by dragging, light, pins, addresses, downloads.

const FLAWED = point => !point || point.ln_p === null || !point.converged || !point.local;
const decades = nats => nats / Math.LN10;
const number = text => Number(String(text).replace(/[\s,\u202f%]/g, '').replace(/−/g, '-').match(/-?\d+(\.\d+)?/)?.[0]);
/** Half of the last digit that a text shows. */
const half = text => 0.5000001 * 10 ** -(String(text).match(/\.(\d+)/)?.[1].length ?? 0);
const near = (text, expected) => Math.abs(number(text) - expected) <= half(text);

/** Spearman's rank correlation without ties' subtleties: Pearson's of the mean ranks. */
function spearman(pairs) {
  const ranks = values => values.map(value => {
    const sorted = [...values].sort((a, b) => a - b);
    return (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2;
  });
  const [x, y] = [0, 1].map(side => ranks(pairs.map(pair => pair[side])));
  const mean = values => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const sum = (a, ma, b, mb) => a.reduce((total, value, i) => total + (value - ma) * (b[i] - mb), 0);
  return sum(x, mx, y, my) / Math.sqrt(sum(x, mx, x, mx) * sum(y, my, y, my));
}

export async function volume(page, { run, check }) {
  const locals = run.has('results/local-volumes.json') ? run.read('results/local-volumes.json') : [];
  const volumes = run.has('results/volumes.json') ? run.read('results/volumes.json') : [];
  if (!locals.length && !volumes.length) return;
  const widget = page.locator('#play-volume');
  await widget.scrollIntoViewIfNeeded();
  const hash = () => page.evaluate(() => decodeURI(location.hash));
  const still = () => page.waitForTimeout(600); // The address is written after 400 ms.
  const open = async fragment => {
    await page.goto(`${page.url().split('#')[0]}${fragment}`);
    await page.reload();
    await widget.scrollIntoViewIfNeeded();
    await page.waitForTimeout(200);
  };
  const scatter = widget.locator('.plot').nth(0);
  const mark = name => scatter.locator(`.volume-mark[data-minimum="${name}"]`);
  const told = () => widget.locator('.volume-facts').evaluate(box => ({
    minimum: box.dataset.minimum,
    fields: [...box.querySelectorAll('[data-field]')].map(cell => [cell.closest('[data-kind]').dataset.kind, cell.dataset.field, cell.textContent]),
  }));
  const computed = async name => {
    const found = widget.locator(`[data-computed="${name}"]`);
    return (await found.count()) ? (await found.first().textContent()) : null;
  };

  // Which set of records is shown is what its select says; without one there is only one.
  const keyOf = { local: r => `${r.method}-${r.region}-${r.cutoff}`, rays: r => `${r.normalization}-${r.region ?? 'loss'}-${r.cutoff}` };
  const selects = await widget.locator('.controls select').evaluateAll(all => all.map(select => [select.options[0].value, select.value]));
  const shownSet = (records, key) => {
    const keys = new Set(records.map(key));
    const chosen = selects.map(([, value]) => value).find(value => keys.has(value)) ?? records.map(key)[0];
    return records.filter(record => key(record) === chosen);
  };
  const local = shownSet(locals, keyOf.local);
  const rays = shownSet(volumes, keyOf.rays);
  const sigmaNow = async () => Number((await widget.locator('.volume-part[data-kind="local"] h4').textContent()).match(/σ = ([\d.]+)/)[1]);
  const at = (record, sigma) => record.curve.find(point => Math.abs(point.sigma - sigma) <= 1e-3 * sigma);

  function problemsOf({ minimum, fields }, sigma) {
    const sources = { local: local.find(r => r.minimum === minimum), rays: rays.find(r => r.minimum === minimum) };
    return fields.flatMap(([kind, field, text]) => {
      const record = kind === 'local' ? at(sources.local, sigma) : kind === 'rays' ? sources.rays : sources.local ?? sources.rays;
      const expected = record[field];
      const unit = /accuracy|gap/.test(field) ? 100 : 1;
      const agrees = typeof expected === 'number' ? near(text, unit * expected)
        : typeof expected === 'boolean' ? text === (expected ? 'yes' : 'no')
          : typeof expected === 'string' ? text === expected
            : expected === null ? text === '–'
              : text.split(' to ').every((end, i) => near(end, expected[i]));
      return agrees ? [] : [`${minimum} ${field}: page "${text}", record ${expected}`];
    });
  }

  // A point for each minimum, and what is said of each when the keyboard walks through them.
  const records = local.length ? local : rays;
  check('volume: a point for each minimum', [...records.map(r => r.minimum)].sort().join() === (await scatter.locator('.volume-mark').evaluateAll(all => all.map(g => g.dataset.minimum).sort().join())) ? [] : ['other minima']);
  const walked = [];
  const problems = [];
  await scatter.locator('.volume-mark[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  for (let i = 0; i < records.length; i += 1) {
    const reading = await told();
    walked.push(reading.minimum);
    problems.push(...problemsOf(reading, local.length ? await sigmaNow() : 0));
    if (local.length && rays.length && reading.fields.length < 15) problems.push(`${reading.minimum}: only ${reading.fields.length} fields`);
    const lit = await page.evaluate(() => [...document.querySelectorAll('#play-volume .volume-curve.lit, tr.lit')].map(node => node.dataset.minimum));
    const others = await page.locator('#play-volume .volume-curve, tr[data-minimum]').count();
    if ((others && !lit.length) || lit.some(name => name !== reading.minimum)) problems.push(`${reading.minimum}: lit elsewhere ${lit}`);
    await page.keyboard.press('ArrowRight');
  }
  if (new Set(walked).size !== records.length) problems.push(`arrows reach ${new Set(walked).size} of ${records.length}`);
  check('volume: readings agree with the records', problems);
  await page.evaluate(() => document.activeElement.blur());

  if (local.length) {
    const sigmas = local[0].curve.map(point => point.sigma).filter(sigma => local.every(record => at(record, sigma)));
    const good = sigma => local.every(record => !FLAWED(at(record, sigma)));
    const largest = sigmas.filter(good).at(-1);
    if (largest !== undefined) check('volume: σ to begin with is the largest that all can be compared at', Math.abs((await sigmaNow()) / largest - 1) < 1e-3 ? [] : [`${await sigmaNow()}, not ${largest}`]);

    const slider = widget.locator('input[type=range]');
    const ranks = [];
    const distances = [];
    const marks = [];
    const pair = await page.evaluate(() => JSON.parse(document.getElementById('run-data').textContent).pair);
    for (const [i, sigma] of (await slider.count() ? sigmas : []).entries()) {
      await slider.fill(String(i));
      const solid = local.filter(record => !FLAWED(at(record, sigma)));
      const text = await computed('rank_correlation');
      const rho = solid.length > 2 ? spearman(solid.map(r => [at(r, sigma).ln_p, r.generalization_gap])) : NaN;
      const hidden = await widget.locator('[data-computed="rank_correlation"]').isHidden().catch(() => true);
      if (Number.isFinite(rho) ? hidden || !near(text, rho) : !hidden) ranks.push(`σ = ${sigma}: page ${text}, ${rho}`);
      const [a, b] = pair ? [pair.good, pair.bad].map(name => local.find(r => r.minimum === name)).map(r => r && at(r, sigma)) : [];
      if (a?.ln_p != null && b?.ln_p != null) {
        const apart = await computed('apart');
        if (!near(apart, Math.abs(decades(a.ln_p - b.ln_p)))) distances.push(`σ = ${sigma}: page ${apart}, ${decades(a.ln_p - b.ln_p)}`);
      }
      // Signs: a disc is filled with its colour, others with paper or as a cross.
      const told = await scatter.locator('.volume-mark').evaluateAll(all => all.map(g => [g.dataset.minimum, g.getAttribute('aria-label'), g.querySelector('.sign').getAttribute('fill'), getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()]));
      for (const [name, label, fill, paper] of told) {
        const flawed = FLAWED(at(local.find(r => r.minimum === name), sigma));
        if ((fill === paper) !== flawed) marks.push(`σ = ${sigma} ${name}: ${flawed ? 'not hollow' : 'hollow'}`);
        if (flawed !== /not (local|converged)|refused|no estimate/i.test(label)) marks.push(`σ = ${sigma} ${name}: "${label}"`);
      }
    }
    check('volume: rank correlation', ranks);
    check('volume: decades between good and bad', distances);
    check('volume: hollow where not to be trusted, and why', marks);

    if (await slider.count()) {
      // Dragging the marker from the first σ to the last moves the slider, the title and the address.
      await slider.fill('0');
      const plot = widget.locator('.plot').nth(1);
      await plot.scrollIntoViewIfNeeded();
      const grip = await plot.locator('.grip').boundingBox();
      const area = await plot.locator('.drag').boundingBox();
      await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
      await page.mouse.down();
      await page.mouse.move(area.x + area.width / 2, grip.y + 8, { steps: 4 });
      const halfway = Number(await slider.inputValue());
      await page.mouse.move(area.x + area.width - 1, grip.y + 8, { steps: 4 });
      await page.mouse.up();
      await still();
      const last = sigmas.length - 1;
      const drag = [];
      if (sigmas.length > 2 && !(halfway > 0 && halfway < last)) drag.push(`half way at ${halfway} of ${last}`);
      if (Number(await slider.inputValue()) !== last) drag.push(`slider at ${await slider.inputValue()}`);
      if (Math.abs((await sigmaNow()) / sigmas[last] - 1) > 1e-3) drag.push(`readings at σ = ${await sigmaNow()}`);
      if (sigmas[last] !== largest && !(await hash()).includes(`sigma=${sigmas[last]}`)) drag.push(`address ${await hash()}`);
      // The handle stands where the axis has that σ: at the last point of a curve.
      const ends = await plot.evaluate(host => [host.querySelector('.volume-cursor').getAttribute('transform').match(/[\d.]+/)[0],
        ...[...host.querySelectorAll('.volume-curve .sign')].map(sign => sign.getAttribute('transform').match(/[\d.]+/)[0])].map(Number));
      if (Math.abs(Math.max(...ends.slice(1)) - ends[0]) > 0.5) drag.push(`cursor at ${ends[0]}, last point at ${Math.max(...ends.slice(1))}`);
      check('volume: dragging the marker', drag);
    }
  }

  // Hovering lights; clicking pins, and the pin is in the address.
  const name = records[Math.floor(records.length / 2)].minimum;
  await widget.locator('.volume-hint').scrollIntoViewIfNeeded();
  await mark(name).locator('.hit').hover({ force: true });
  const hovered = (await told()).minimum;
  await page.mouse.down();
  await page.mouse.up();
  await page.mouse.move(2, 2);
  await still();
  const light = [];
  if (hovered !== name) light.push(`hovered ${name}, told of ${hovered}`);
  if ((await told()).minimum !== name) light.push('the pin does not hold');
  if (!(await hash()).includes(`pin=${name}`)) light.push(`address ${await hash()}`);
  if ((await mark(name).getAttribute('aria-pressed')) !== 'true') light.push('not pressed');
  const fill = await page.locator('#play-volume canvas').evaluate(canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data].some(v => v > 0 && v < 255)).catch(() => null);
  if (fill === false) light.push('the boundary is blank');
  check('volume: hover lights, click pins', light);

  // Every measure: its axis, its order, its place in the address.
  for (const key of rays.length ? ['paper', 'radius'] : []) {
    await widget.locator(`[data-measure="${key}"]`).click();
    await still();
    await page.waitForTimeout(300);
    const value = { paper: r => r.log10_volume, radius: r => r.radius_median }[key];
    const measure = [];
    const first = locals.length ? 'local' : 'paper';
    if (key !== first && !(await hash()).includes(`vx=${key}`)) measure.push(`address ${await hash()}`);
    const places = new Map(await scatter.locator('.volume-mark').evaluateAll(all => all.map(g => [g.dataset.minimum, Number(g.getAttribute('transform').match(/-?[\d.]+/)[0])])));
    const order = [...rays].sort((a, b) => value(a) - value(b));
    order.slice(1).forEach((record, i) => places.get(record.minimum) < places.get(order[i].minimum) && measure.push(`${record.minimum} stands left of ${order[i].minimum}`));
    if (rays.length > 2) {
      const text = await computed('rank_correlation');
      const rho = spearman(rays.map(r => [value(r), r.generalization_gap]));
      if (!near(text, rho)) measure.push(`rank correlation ${text}, ${rho}`);
    }
    const warned = rays.filter(r => r.warning);
    const bounds = await scatter.locator('.bound').count();
    if (key === 'paper' && bounds !== warned.length) measure.push(`${bounds} lower bounds marked of ${warned.length}`);
    check(`volume: measured by ${key}`, measure);
  }

  // The same address shows the same view.
  const before = await told();
  const address = await hash();
  await open(address);
  const after = await told();
  check('volume: an address shows the same view', JSON.stringify(before) === JSON.stringify(after)
    && (!rays.length || (await widget.locator('[data-measure="radius"]').getAttribute('aria-pressed')) === 'true') ? [] : [`${address}: ${JSON.stringify(before).slice(0, 200)} became ${JSON.stringify(after).slice(0, 200)}`]);

  // What is saved: every point of every curve, and every record of rays.
  const save = async text => {
    const [download] = await Promise.all([page.waitForEvent('download'), widget.locator('.save button', { hasText: text }).click()]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const saved = JSON.parse(await save('JSON'));
  const expected = local.flatMap(record => record.curve).length + rays.length;
  const files = saved.rows.length === expected ? [] : [`${saved.rows.length} rows, not ${expected}`];
  for (const row of saved.rows.filter(row => row.kind === 'local')) {
    if (at(local.find(record => record.minimum === row.minimum), row.sigma).ln_p !== row.ln_p) files.push(`${row.minimum} at ${row.sigma}: ln P ${row.ln_p}`);
  }
  const lines = String(await save('CSV')).trim().split('\n');
  if (lines.length !== expected + 1) files.push(`${lines.length} lines of CSV`);
  if (!String(await save('SVG')).includes('generalization gap')) files.push('the SVG lacks its axis');
  if ((await save('PNG')).subarray(1, 4).toString() !== 'PNG') files.push('no PNG');
  check('volume: saved files', files);
  await open('#');
}
