// The wiggle: dragging, playing and new directions move boundary, loss and dot together.

/** Frames a second below which the walk is broken on any machine; how fast it is, is printed. */
const FRAMES = 8;

export async function wiggle(page, { check }) {
  const box = page.locator('#play-wiggle');
  if (!(await box.count())) return;
  await box.scrollIntoViewIfNeeded();
  const slider = box.getByLabel('Step size c');
  const number = text => Number(text.replace(/\s/g, '').replace('−', '-').replace(/×10(.*)/, (_, power) =>
    `e${[...power].map(c => (c === '⁻' ? '-' : '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(c))).join('')}`));
  const read = () => box.evaluate(box => ({
    c: Number(box.querySelector('input[type=range]').value),
    dots: [...box.querySelectorAll('.wiggle-plot circle')].map(dot => [dot.getAttribute('cx'), dot.getAttribute('cy')]),
    sides: [...box.querySelectorAll('.readings')].map(list => ({
      minimum: list.dataset.minimum,
      loss: list.querySelector('[data-field=loss]').textContent,
      accuracy: list.querySelector('[data-field=accuracy]').textContent,
    })),
    pictures: [...box.querySelectorAll('canvas')].map(canvas => canvas.toDataURL()),
  }));

  const begin = await read();
  // At c = 0 stands the minimum itself.
  const recorded = await page.evaluate(() => Object.fromEntries([...basinscope.run.families.get('run').nets]
    .map(([name, { train_loss }]) => [name, train_loss])));
  check('wiggle: c = 0 is the minimum', begin.sides
    .filter(({ minimum, loss }) => !(Math.abs(number(loss) - recorded[minimum]) <= 0.006 * recorded[minimum] + 1e-6))
    .map(({ minimum, loss }) => `${minimum}: ${loss}, recorded ${recorded[minimum]}`));

  // Dragging on the curve moves c, dot, readings and pictures of both.
  await box.locator('.wiggle-plot').scrollIntoViewIfNeeded();
  const plot = await box.locator('.wiggle-plot rect').boundingBox();
  await page.mouse.move(plot.x + plot.width / 2, plot.y + plot.height / 2);
  await page.mouse.down();
  await page.mouse.move(plot.x + 0.9 * plot.width, plot.y + plot.height / 2, { steps: 6 });
  await page.mouse.up();
  await page.waitForTimeout(700);
  const dragged = await read();
  const problems = [];
  if (!(Math.abs(dragged.c - 0.08) < 0.003)) problems.push(`c is ${dragged.c} at nine tenths of ±0.1`);
  dragged.sides.forEach((side, i) => {
    if (side.loss === begin.sides[i].loss) problems.push(`${side.minimum}: the loss stays`);
    if (begin.pictures[i] && dragged.pictures[i] === begin.pictures[i]) problems.push(`${side.minimum}: the boundary stays`);
    if (String(dragged.dots[i]) === String(begin.dots[i])) problems.push(`${side.minimum}: the dot stays`);
  });
  check('wiggle: dragging moves everything together', problems);

  // What is shown there is the loss of θ + c·d.
  const there = await page.evaluate(c => {
    const family = basinscope.run.families.get('run');
    return [...document.querySelectorAll('#play-wiggle .readings')].map(list => {
      const theta = family.theta(list.dataset.minimum);
      const d = basinscope.filterNormalized(family.net, theta, 1);
      const off = family.net.filters().map(([a, b]) => {
        const length = v => Math.hypot(...v.subarray(a, b));
        return Math.abs(length(d) / length(theta) - 1);
      });
      return { loss: family.score(basinscope.moved(theta, [c], [d])).loss, off: Math.max(...off) };
    });
  }, dragged.c);
  check('wiggle: the loss shown is that of θ + c·d', there
    .map(({ loss }, i) => [loss, number(dragged.sides[i].loss)])
    .filter(([loss, shown]) => !(Math.abs(loss - shown) <= 0.006 * loss)).map(String));
  check('wiggle: each filter of a direction is as long as θ’s', there.filter(({ off }) => !(off < 1e-5)).map(({ off }) => `off by ${off}`));

  // State is in the address, and a link shows the same view.
  const hash = await page.evaluate(() => location.hash);
  check('wiggle: the address holds the view', /[?&]c=0\.0[78]/.test(hash) ? [] : [hash]);
  const again = await page.context().newPage();
  await again.goto(page.url());
  await again.waitForFunction(() => document.documentElement.dataset.ready);
  const linked = await again.evaluate(() => [...document.querySelectorAll('#play-wiggle [data-field=loss]')].map(node => node.textContent));
  check('wiggle: a link shows the same view', String(linked) === String(dragged.sides.map(side => side.loss)) ? [] : [`${linked}`]);
  await again.close();

  // The keyboard, and another direction.
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  check('wiggle: the arrow keys move c', (await read()).c < dragged.c ? [] : ['c stays']);
  const before = (await read()).sides.map(side => side.loss);
  await box.getByRole('button', { name: 'New direction' }).click();
  check('wiggle: a new direction', String((await read()).sides.map(side => side.loss)) !== String(before) ? [] : ['the losses stay']);
  if (begin.sides.length === 2) {
    await box.getByLabel('Walk along').selectOption('towards');
    await slider.fill('1');
    const ends = (await read()).sides;
    check('wiggle: at the end of the way stands the other net', ends
      .filter(({ loss }, i) => !(Math.abs(number(loss) - recorded[ends[1 - i].minimum]) <= 0.01 * recorded[ends[1 - i].minimum] + 1e-6))
      .map(({ minimum, loss }) => `${minimum}: ${loss}`));
    await box.getByLabel('Walk along').selectOption('random');
  }

  // Frames that changed the picture, while it plays.
  await box.getByRole('button', { name: /^Play/ }).click();
  const frames = await page.evaluate(() => new Promise(done => {
    const slider = document.querySelector('#play-wiggle input[type=range]');
    let [frames, last] = [0, slider.value];
    const begun = performance.now();
    const tick = () => {
      if (slider.value !== last) frames += 1;
      last = slider.value;
      const seconds = (performance.now() - begun) / 1000;
      if (seconds > 3) done(frames / seconds);
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }));
  await box.getByRole('button', { name: /^Pause/ }).click();
  console.log(`wiggle: ${frames.toFixed(0)} frames a second, both boundaries`);
  check(`wiggle: at least ${FRAMES} frames a second`, frames >= FRAMES ? [] : [`${frames.toFixed(1)}`]);
}
