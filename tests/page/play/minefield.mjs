// The minefield in the page: what it shows against results/minefield.json, and what it answers to.

/** Whether a shown number (with its separators, minus and percent sign) is x, to the digits shown. */
function agrees(text, x, unit = 1) {
  const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
  const plain = text.replace(/[\s,%]/g, '').replace(/−/g, '-').replace(/×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, (_, power) =>
    'e' + [...power].map(c => (c === '⁻' ? '-' : superscripts.indexOf(c))).join(''));
  const match = plain.match(/^-?\d+(?:\.(\d+))?(?:e(-?\d+))?$/);
  if (!match) return false;
  const half = 0.5000001 * 10 ** (Number(match[2] ?? 0) - (match[1]?.length ?? 0));
  return Math.abs(Number(plain) - unit * x) <= half;
}

const SHARES = new Set(['train_accuracy', 'test_accuracy']);

/** Every number of a panel against the record of the net it says it shows. */
function compare(panel, record) {
  if (!record) return [`${panel.minimum}: no such net`];
  if (panel.fields.length < 4) return [`${panel.minimum}: only ${panel.fields.length} numbers`];
  return panel.fields.flatMap(([field, text]) => {
    const value = field.split('.').reduce((at, key) => at?.[key], record);
    const unit = SHARES.has(field) ? 100 : 1;
    const good = Array.isArray(value) ? text.split(' to ').every((end, i) => agrees(end, value[i]))
      : value === null ? text === '–' : agrees(text, value, unit);
    return good ? [] : [`${panel.minimum} ${field}: page "${text}", record ${value}`];
  });
}

export async function minefield(page, { run, check }) {
  if (!run.has('results/minefield.json')) return;
  const record = run.read('results/minefield.json');
  const minima = run.read(run.has('minefield/results/minima.json') ? 'minefield/results/minima.json' : 'results/minima.json');
  const records = new Map(record.iterates.map(it => [`epoch-${it.epoch}`, it]));
  for (const bad of record.bad) records.set(bad.name, { train_loss: minima.find(({ name }) => name === bad.name)?.train_loss, ...bad });
  const root = page.locator('#play-minefield');
  const rest = () => page.waitForTimeout(900);
  const panels = () => root.locator('.net').evaluateAll(boxes => boxes.filter(box => !box.hidden).map(box => ({
    minimum: box.dataset.minimum, heading: box.querySelector('.caption').textContent,
    fields: [...box.querySelectorAll('[data-field]')].map(node => [node.dataset.field, node.textContent]),
    drawn: (box.querySelector('canvas')?.width ?? 0) > 0,
  })));
  const hash = () => page.evaluate(() => decodeURIComponent(location.hash));
  const slider = root.locator('input[type=range]');
  const to = async index => {
    await slider.evaluate((range, value) => { range.value = value; range.dispatchEvent(new Event('input')); }, index);
    await rest();
  };
  const mark = name => root.locator(`.minefield-map [data-minimum="${name}"]`);
  /** A place of the map, of the centre of a mark, in the window. */
  const centre = name => mark(name).evaluate(node => {
    const box = node.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  });

  /** The first iterate from a place on whose mark has no bad minimum within 16 pixels. */
  const clear = async from => {
    const bad = await Promise.all(record.bad.map(({ name }) => centre(name)));
    for (let index = from; index < record.iterates.length; index += 1) {
      const name = `epoch-${record.iterates[index].epoch}`;
      if (!(await mark(name).count())) continue;
      const [x, y] = await centre(name);
      if (bad.every(([u, v]) => Math.hypot(u - x, v - y) > 16)) return index;
    }
    return from;
  };

  await root.scrollIntoViewIfNeeded();
  await rest();
  const nets = await root.locator('.minefield-map .mark').count();
  const total = record.iterates.length + record.bad.length;
  check('minefield: a mark for each net', nets === total ? [] : [`${nets} marks for ${total} nets`]);

  // Walking along the run.
  const middle = Math.floor(record.iterates.length / 3);
  for (const index of [middle, record.iterates.length - 1, 0]) {
    await to(index);
    const shown = await panels();
    const problems = shown.flatMap(panel => compare(panel, records.get(panel.minimum)));
    const name = `epoch-${record.iterates[index].epoch}`;
    if (shown[0]?.minimum !== name) problems.push(`shows ${shown[0]?.minimum} at ${name}`);
    if (record.bad.length && !shown[1]) problems.push('nothing stands beside the run');
    const address = await hash();
    const last = index === record.iterates.length - 1;
    if (last === address.includes('epoch=')) problems.push(`address ${address}`);
    check(`minefield: iterate ${index} of the run`, problems);
  }
  await to(middle);

  // Pointing at a bad minimum lights it, clicking pins it, clicking again lets go.
  if (record.bad.length) {
    const bad = record.bad[Math.floor(record.bad.length / 2)];
    await page.mouse.move(...await centre(bad.name));
    await rest();
    let problems = compare((await panels())[1] ?? { minimum: 'none', fields: [] }, records.get(bad.name));
    const tip = await root.locator('.tip').textContent();
    if (!(await root.locator('.tip').isVisible()) || !tip.includes(bad.name)) problems.push(`tooltip "${tip}"`);
    check('minefield: pointing at a bad minimum', problems);
    await page.mouse.click(...await centre(bad.name));
    await page.mouse.move(2, 2);
    await rest();
    problems = (await panels())[1]?.minimum === bad.name ? [] : ['it does not stay'];
    if (!(await hash()).includes(`pin=${bad.name}`)) problems.push(`address ${await hash()}`);
    if (await mark(bad.name).getAttribute('aria-pressed') !== 'true') problems.push('its mark is not pressed');
    check('minefield: a click pins', problems);

    // The same view from its address.
    const address = await hash();
    const before = JSON.stringify(await panels());
    await page.reload();
    await root.scrollIntoViewIfNeeded();
    await rest();
    const after = JSON.stringify(await panels());
    check('minefield: the address brings the view back', after === before && await hash() === address ? [] : [before, after, await hash()]);
    await root.getByRole('button', { name: 'Unpin' }).click();
    await rest();
    check('minefield: unpinned', (await hash()).includes('pin=') ? [await hash()] : []);

    // The run goes to where the minimum beside it was reached from.
    await page.mouse.move(...await centre(bad.name));
    await mark(bad.name).focus();
    await page.keyboard.press('Enter');
    await root.getByRole('button', { name: /^Run to epoch/ }).click();
    await rest();
    const found = (await panels())[0].minimum;
    check('minefield: to where it was reached from', found === `epoch-${bad.epoch}` ? [] : [`at ${found}, not epoch ${bad.epoch}`]);

    // To the nearest bad minimum.
    const here = record.iterates.find(it => it.epoch === bad.epoch);
    for (const [field, kind] of [['nearest_fixed', 'fixed poison'], ['nearest_redrawn', 'redrawn poison']]) {
      if (!here?.[field]) continue;
      const button = root.getByRole('button', { name: `Pin the nearest with ${kind}` });
      if (await button.getAttribute('aria-pressed') === 'false') await button.click();
      await rest();
      const pinned = (await panels())[1].minimum;
      check(`minefield: nearest, ${kind}`, pinned === here[field].minimum ? [] : [`${pinned}, not ${here[field].minimum}`]);
    }
    await root.getByRole('button', { name: 'Unpin' }).click();

    // From the keyboard: one stop for the bad minima, arrows between them.
    await mark(record.bad[0].name).focus();
    await page.keyboard.press('ArrowRight');
    await rest();
    const focused = await page.evaluate(() => document.activeElement.dataset.minimum);
    const next = record.bad[Math.min(1, record.bad.length - 1)].name;
    check('minefield: arrows walk from mark to mark', focused === next && (await panels())[1].minimum === next ? [] : [`at ${focused}`]);
    await page.evaluate(() => document.activeElement.blur());
  }

  // Every map places every mark inside the plot, each map elsewhere.
  const seen = new Set();
  for (const key of await root.locator('select option').evaluateAll(options => options.map(option => option.value))) {
    await root.locator('select').selectOption(key);
    await rest();
    const { places, outside } = await root.locator('.minefield-map').evaluate(svg => {
      const room = svg.getBoundingClientRect();
      const boxes = [...svg.querySelectorAll('.mark')].map(node => node.getBoundingClientRect());
      const out = boxes.filter(box => !(box.left >= room.left - 8 && box.right <= room.right + 8 && box.top >= room.top - 8 && box.bottom <= room.bottom + 8));
      return { places: boxes.map(box => Math.round(box.x - room.x)).join(), outside: out.length };
    });
    const problems = outside ? [`${outside} marks outside`] : [];
    if (seen.has(places)) problems.push('the same places as another map');
    seen.add(places);
    check(`minefield: map ${key}`, problems);
  }
  check('minefield: the map is in the address', (await hash()).includes('map=distances') ? [] : [await hash()]);

  // Without a map: what a place of the chart says is the record's.
  // Choosing a map may have scrolled it out of the window.
  await root.locator('.minefield-map').scrollIntoViewIfNeeded();
  // Not an iterate that a bad minimum lies on.
  const free = await clear(middle);
  const far = record.iterates[free];
  const [x, y] = await centre(`epoch-${far.epoch}`);
  await page.mouse.move(x, y);
  await rest();
  const near = [far.nearest_fixed, far.nearest_redrawn].filter(Boolean).sort((a, b) => a.relative - b.relative)[0];
  const said = await root.locator('.tip').textContent();
  check('minefield: distances', !near || said.includes(near.minimum) ? [] : [`"${said}" lacks ${near.minimum}`]);

  // The ring can be drawn along the run.
  await page.mouse.move(2, 2);
  await to(free);
  await page.mouse.move(...await centre(`epoch-${far.epoch}`));
  await page.mouse.down();
  const goal = record.iterates[Math.floor(record.iterates.length / 2)];
  await page.mouse.move(...await centre(`epoch-${goal.epoch}`), { steps: 5 });
  await page.mouse.up();
  await rest();
  const drawn = Number((await panels())[0].minimum.replace('epoch-', ''));
  const spacing = Math.ceil(record.iterates.length / 200);
  check('minefield: the ring is drawn along', Math.abs(drawn - goal.epoch) <= spacing && !(await hash()).includes('pin=') ? [] : [`at epoch ${drawn}, not ${goal.epoch}; ${await hash()}`]);

  // Playing moves the run on, and pausing stops it.
  await page.mouse.move(2, 2);
  const start = Number(await slider.inputValue());
  await root.getByRole('button', { name: /^Play/ }).click();
  await rest();
  await root.getByRole('button', { name: /^Pause/ }).click();
  const stop = Number(await slider.inputValue());
  await rest();
  check('minefield: plays and pauses', stop > start && Number(await slider.inputValue()) === stop ? [] : [`from ${start} to ${stop}, then ${await slider.inputValue()}`]);

  // What is saved is what is seen.
  const [file] = await Promise.all([page.waitForEvent('download'), root.getByRole('button', { name: /as CSV$/ }).click()]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  const rows = Buffer.concat(chunks).toString().trim().split('\n');
  check('minefield: CSV', rows.length === total + 1 ? [] : [`${rows.length - 1} rows for ${total} nets`]);
}
