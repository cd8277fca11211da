// On a phone: a swipe that scrolls past a chart changes nothing, a tap and a sideways drag do.

const CHARTS = ['.landscape-plot', '.wiggle-plot', '#play-wiggle canvas', '#play-volume .drag', '#play-minefield .course svg'];

export async function touch(page, { check }) {
  const cdp = await page.context().newCDPSession(page);
  const view = () => page.evaluate(() => location.hash.split('?')[1] ?? '');
  /** One finger along these points, about as fast as a hand. */
  const finger = async points => {
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [points[0]] });
    for (const point of points.slice(1)) {
      await page.waitForTimeout(25);
      await cdp.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [point] });
    }
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  };
  const problems = [];
  for (const selector of CHARTS) {
    const chart = page.locator(selector).first();
    if (!(await chart.count())) continue;
    await chart.evaluate(node => node.scrollIntoView({ block: 'center', behavior: 'instant' }));
    await page.waitForTimeout(900);
    const before = await view();
    const box = await chart.boundingBox();
    const [x, y] = [Math.round(box.x + 0.3 * box.width), Math.round(box.y + 0.6 * box.height)];
    const from = await page.evaluate(() => scrollY);
    await finger(Array.from({ length: 12 }, (_, i) => ({ x, y: y - 16 * i })));
    await page.waitForTimeout(700);
    if (Math.abs(await page.evaluate(() => scrollY) - from) < 60) problems.push(`${selector}: the page does not scroll`);
    if (await view() !== before) problems.push(`${selector}: a swipe changes "${before}" to "${await view()}"`);
  }
  check('touch: a swipe over a chart only scrolls', problems);

  const marker = page.locator('.landscape-marker').first();
  if (await marker.count()) {
    await page.locator('.landscape-plot').evaluate(node => node.scrollIntoView({ block: 'center', behavior: 'instant' }));
    await page.waitForTimeout(300);
    const held = await marker.boundingBox();
    const [x, y] = [Math.round(held.x + held.width / 2), Math.round(held.y + held.height / 2)];
    await finger(Array.from({ length: 8 }, (_, i) => ({ x, y: y - 8 * i })));
    await page.waitForTimeout(900);
    check('touch: the marker of the landscape follows a finger', /(^|&)b=0\.\d/.test(await view()) ? [] : [await view()]);
  }

  const plot = page.locator('.wiggle-plot');
  if (!(await plot.count())) return;
  await plot.evaluate(node => node.scrollIntoView({ block: 'center', behavior: 'instant' }));
  const c = () => page.locator('#play-wiggle input[type=range]').inputValue();
  const box = await plot.locator('rect').boundingBox();
  await page.touchscreen.tap(box.x + 0.8 * box.width, box.y + box.height / 2);
  await page.waitForTimeout(200);
  const tapped = Number(await c());
  check('touch: a tap goes there', Math.abs(tapped - 0.06) < 0.006 ? [] : [`c is ${tapped}`]);
  const y = Math.round(box.y + box.height / 2);
  await finger([0.5, 0.48, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2].map(share => ({ x: Math.round(box.x + share * box.width), y })));
  await page.waitForTimeout(300);
  const dragged = Number(await c());
  check('touch: a sideways drag moves along', Math.abs(dragged + 0.06) < 0.012 ? [] : [`c is ${dragged}`]);
}
