// The landscape: marker, surface, planes and their worth, against the records and the nets of the page.
import { readFileSync } from 'node:fs';
import { readNpz } from '../npz.mjs';

/** Losses of the page agree with those of the library to this much, relative where larger than 1. */
const TOLERANCE = 1e-4;

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A number as the page writes it: {value, half a unit of its last digit}. */
function shown(text) {
  const plain = text.replace(/[\s,\u202f%]/g, '').replace(/−/g, '-')
    .replace(/×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, (_, power) => `e${[...power].map(c => (c === '⁻' ? '-' : superscripts.indexOf(c))).join('')}`);
  const match = plain.match(/^-?\d+(?:\.(\d+))?(?:e(-?\d+))?$/);
  return match && { value: Number(plain), half: 0.5000001 * 10 ** (Number(match[2] ?? 0) - (match[1]?.length ?? 0)) };
}
const agrees = (text, expected) => {
  const number = shown(text);
  return number !== null && Math.abs(number.value - expected) <= number.half + 1e-4 * Math.abs(expected);
};

export async function landscape(page, { run, check }) {
  const box = page.locator('#play-landscape');
  if (!(await box.count())) return;
  const records = run.read('results/minima.json');
  const record = name => records.find(({ name: each }) => each === name);
  const settled = where => where.waitForFunction(() => document.querySelector('#play-landscape .landscape-plot[aria-busy="false"] .landscape-marker')
    && !/computed …/.test(document.querySelector('#play-landscape .landscape-said').textContent), null, { timeout: 20000 });
  await box.scrollIntoViewIfNeeded();
  await settled(page);
  const look = (where = page) => where.evaluate(() => {
    const box = document.querySelector('#play-landscape');
    const cell = field => box.querySelector(`.readings [data-field=${field}]`).textContent;
    const [relief, boundary] = ['.landscape-relief', '.landscape-net canvas'].map(which => box.querySelector(which)?.toDataURL());
    return {
      loss: cell('train_loss'), accuracy: cell('train_accuracy'), test: cell('test_accuracy'), steps: cell('steps').split(', '), distance: cell('distance'),
      minimum: box.querySelector('.readings [data-minimum]')?.dataset.minimum,
      marker: box.querySelector('.landscape-marker').getAttribute('transform'),
      spoken: box.querySelector('.landscape-marker').getAttribute('aria-valuetext'),
      relief, boundary, hash: location.hash,
    };
  });
  /** Loss and distance at (a, b) in the plane shown, computed anew. */
  const truth = (a, b) => page.evaluate(([a, b]) => {
    const { run, moved, filterNormalized } = basinscope;
    const family = run.families.get('run');
    const query = new URLSearchParams(location.hash.split('?')[1]);
    const name = query.get('lm') ?? run.pair?.good ?? [...family.nets.keys()][0];
    const theta = family.theta(name);
    const surface = run.surfaces.find(surface => surface.minimum === name && surface.directions.length);
    const key = query.get('plane') ?? (surface ? 'recorded' : '1');
    const decode = text => new Float32Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
    const directions = key === 'recorded' ? surface.directions.map(decode)
      : [2 * Number(key), 2 * Number(key) + 1].map(seed => filterNormalized(family.net, theta, seed));
    const at = moved(theta, [a, b], directions);
    return { loss: family.score(at).loss, distance: Math.hypot(...at.map((x, i) => x - theta[i])) / Math.hypot(...theta) };
  }, [a, b]);

  // At the marker's home stands the minimum, as recorded.
  const begin = await look();
  const here = record(begin.minimum);
  check('landscape: begins at the minimum', [
    !here && `no record of ${begin.minimum}`,
    here && !agrees(begin.loss, here.train_loss) && `loss ${begin.loss}, recorded ${here.train_loss}`,
    here && !agrees(begin.accuracy, 100 * here.train_accuracy) && `accuracy ${begin.accuracy}, recorded ${here.train_accuracy}`,
    here && !agrees(begin.test, 100 * here.test_accuracy) && `test ${begin.test}, recorded ${here.test_accuracy}`,
  ].filter(Boolean));

  // Dragging moves marker, ball, boundary and readings together.
  const ground = await box.locator('.landscape-ground').boundingBox();
  const [x, y] = [ground.x + 0.5 * ground.width, ground.y + 0.5 * ground.height];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 0.3 * ground.width, y - 0.2 * ground.height, { steps: 8 });
  const during = await look();
  await page.mouse.up();
  await page.waitForTimeout(900);
  const dragged = await look();
  const [a, b] = dragged.steps.map(text => shown(text).value);
  const expected = await truth(a, b);
  check('landscape: dragging moves everything together', [
    during.loss === begin.loss && 'the loss stays while dragging',
    dragged.marker === begin.marker && 'the marker stays',
    dragged.relief === begin.relief && 'the ball stays',
    dragged.boundary && dragged.boundary === begin.boundary && 'the boundary stays',
    !(Math.abs(a - 0.15) < 0.004 && Math.abs(b - 0.1) < 0.004) && `steps ${dragged.steps}, dragged to 0.15, 0.1`,
    dragged.minimum !== undefined && 'still said to be the minimum',
    !(Math.abs(shown(dragged.loss).value - expected.loss) < 0.02 * expected.loss) && `loss ${dragged.loss}, is ${expected.loss}`,
    !(Math.abs(shown(dragged.distance).value - expected.distance) < 0.01 * expected.distance) && `walked ${dragged.distance}, is ${expected.distance}`,
    !dragged.spoken.includes(dragged.loss) && `a screen reader hears ${dragged.spoken}`,
  ].filter(Boolean));

  // Keyboard: one mesh a step, five with Shift, Home back; the surface turns.
  const marker = box.locator('.landscape-marker');
  await marker.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowUp');
  await page.waitForTimeout(900);
  const stepped = await look();
  const relief = box.locator('.landscape-relief');
  await relief.focus();
  for (const key of ['ArrowRight', 'Shift+ArrowRight', 'ArrowUp']) await page.keyboard.press(key);
  await page.waitForTimeout(900);
  const turned = await look();
  const value = await relief.getAttribute('aria-valuetext');
  check('landscape: from the keyboard', [
    !(agrees(stepped.steps[0], 0.0125) && agrees(stepped.steps[1], 0.0625)) && `steps ${stepped.steps}`,
    turned.relief === stepped.relief && 'the surface does not turn',
    turned.boundary !== stepped.boundary && 'turning the surface changes the net',
    !/turned by -?12°, seen from 66°/.test(value) && value,
  ].filter(Boolean));

  // The address holds the view.
  const wanted = ['a=0.0125', 'b=0.0625', 'turn=-12', 'tilt=66'];
  const again = await page.context().newPage();
  await again.goto(page.url().split('#')[0] + turned.hash);
  await again.locator('#play-landscape').scrollIntoViewIfNeeded();
  await settled(again);
  await again.waitForTimeout(700);
  const back = await look(again);
  await again.close();
  check('landscape: a link shows the same view', [
    ...wanted.filter(part => !turned.hash.includes(part)).map(part => `${turned.hash} lacks ${part}`),
    ...['loss', 'marker', 'relief', 'boundary', 'distance'].filter(part => back[part] !== turned[part]).map(part => `another ${part}`),
  ]);

  // What the recorded plane is worth, and its losses node by node.
  const surfaces = run.has('results/surfaces.json') ? run.read('results/surfaces.json') : [];
  const surface = surfaces.find(({ minimum }) => minimum === begin.minimum);
  const held = await page.evaluate(name => basinscope.run.surfaces.some(surface => surface.minimum === name && surface.directions.length === 2), begin.minimum);
  const select = label => box.getByLabel(label, { exact: true });
  const said = () => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('#play-landscape .landscape-said [data-field]')]
    .map(part => [part.dataset.field, part.textContent])));
  if (held && surface) {
    if (surface.worth) {
      const worth = surface.worth;
      const told = await said();
      const numbers = {
        share_of_trace: 100 * worth.share_of_trace, chance_share: 100 * worth.chance_share, area_below_cutoff: 100 * worth.area_below_cutoff,
        trace: worth.trace, top_eigenvalue: worth.top_eigenvalue, cross_section: worth.cross_section,
        least_other: Math.min(...worth.other_cross_sections), most_other: Math.max(...worth.other_cross_sections),
      };
      check('landscape: what the plane is worth', Object.entries(numbers)
        .filter(([field, expected]) => !agrees(told[field] ?? '', expected)).map(([field, expected]) => `${field}: page ${told[field]}, record ${expected}`));
      const dots = await page.evaluate(() => [...document.querySelectorAll('.landscape-dots')].map(row =>
        [row.dataset.minimum, row.querySelectorAll('.other').length, row.querySelectorAll('.recorded').length]));
      check('landscape: a dot for each other plane', surfaces.filter(({ worth }) => worth)
        .filter(({ minimum, worth }) => !dots.some(dot => String(dot) === String([minimum, worth.other_cross_sections.filter(section => section > 0).length, Number(worth.cross_section > 0)])))
        .map(({ minimum }) => `${minimum}: ${JSON.stringify(dots)}`));
    }
    await select('Reach').selectOption('0');
    await settled(page);
    const [saved] = await Promise.all([page.waitForEvent('download'), box.locator('.save').first().getByText('JSON').click()]);
    const { rows } = JSON.parse(readFileSync(await saved.path(), 'utf8'));
    const { values } = readNpz(run.path(`results/surface-${begin.minimum}.npz`)).train_loss;
    check('landscape: as recorded, node by node', [
      rows.length !== values.length && `${rows.length} nodes of ${values.length}`,
      ...rows.map(({ train_loss }, i) => !(Math.abs(train_loss - values[i]) <= TOLERANCE * Math.max(1, values[i])) && `node ${i}: ${train_loss}, recorded ${values[i]}`),
    ].filter(Boolean));
    // The corner of the recorded plane, walked to, has the loss that was recorded there.
    await marker.focus();
    for (let i = 0; i < 4; i += 1) for (const key of ['Shift+ArrowRight', 'Shift+ArrowUp']) await page.keyboard.press(key);
    const corner = await look();
    check('landscape: the corner has the recorded loss', agrees(corner.loss, values[values.length - 1]) ? [] : [`${corner.loss}, recorded ${values[values.length - 1]}`]);
  }

  // A new plane: its basin's area, against rays walked outwards in small steps.
  await box.getByRole('button', { name: 'New random plane' }).click();
  await settled(page);
  await page.waitForTimeout(500);
  const { computed_section: section } = await said();
  const walked = await page.evaluate(() => {
    const { run, moved, filterNormalized } = basinscope;
    const family = run.families.get('run');
    const query = new URLSearchParams(location.hash.split('?')[1]);
    const seed = Number(query.get('plane') ?? 1);
    const theta = family.theta(query.get('lm') ?? run.pair?.good ?? [...family.nets.keys()][0]);
    const directions = [2 * seed, 2 * seed + 1].map(each => filterNormalized(family.net, theta, each));
    let squares = 0;
    for (let ray = 0; ray < 24; ray += 1) {
      const angle = (2 * Math.PI * ray) / 24;
      let r = 1e-5;
      while (family.score(moved(theta, [r * Math.cos(angle), r * Math.sin(angle)], directions)).loss <= run.cutoff) r *= 1.01;
      squares += r * r;
    }
    return (Math.PI / 24) * squares;
  });
  const drawn = await page.evaluate(() => document.querySelectorAll('.landscape-dots .drawn').length);
  check('landscape: a new plane and the area of its basin', [
    !(Math.abs(shown(section ?? '')?.value / walked - 1) < 0.12) && `area ${section}, walked ${walked}`,
    drawn < 1 && 'no dot of its own',
  ].filter(Boolean));

  // Towards the other minimum: a = 1 is that minimum.
  const other = await page.evaluate(() => basinscope.run.pair?.bad ?? null);
  if (other && await select('Plane').locator('option[value=towards]').count()) {
    await select('Plane').selectOption('towards');
    await settled(page);
    await page.evaluate(() => { location.hash = `#flatness?${new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(location.hash.split('?')[1])), plane: 'towards', a: 1, b: 0 })}`; });
    await page.waitForTimeout(900);
    const end = await look();
    check('landscape: a = 1 is the other minimum', [
      !agrees(end.test, 100 * record(other).test_accuracy) && `test ${end.test}, recorded ${record(other).test_accuracy}`,
      !(Math.abs(shown(end.loss).value - record(other).train_loss) < 0.02 * record(other).train_loss + 1e-5) && `loss ${end.loss}, recorded ${record(other).train_loss}`,
    ].filter(Boolean));
  }

  // On a phone, contours and surface are tabs.
  const size = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(400);
  const visible = () => Promise.all(['.landscape-plot', '.landscape-relief'].map(which => box.locator(which).isVisible()));
  const first = await visible();
  await box.getByRole('tab', { name: 'Surface' }).click();
  const second = await visible();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check('landscape: tabs on a phone', [
    String(first) !== 'true,false' && `at first contours, surface visible: ${first}`,
    String(second) !== 'false,true' && `then ${second}`,
    overflow > 0 && `scrolls sideways by ${overflow}`,
  ].filter(Boolean));
  await page.setViewportSize(size);
}
