// The minefield to walk through: a good run, the bad minima around it, and the boundary of each net.

/** Seconds that playing the whole run takes. */
const MINEFIELD_SECONDS = 16;

/** Until nothing has changed for so long (ms), boundaries are drawn coarse and the address waits. */
const MINEFIELD_REST = 160;

/** What the numbers of a basin mean. */
const MINEFIELD_BASINS = 'A basin is the set of weights around a net whose train loss stays under the cutoff. Its radius is measured along random '
  + 'rays; P is the chance that Gaussian noise of width σ on the weights stays inside. '
  + 'Minima made with redrawn poison have losses close to the cutoff, which alone makes their basins small. In grey: 95 % intervals.';

function minefield(host) {
  const STATION = 'minefield';
  const record = run.minefield;
  if (!record?.iterates?.length) return false;
  const { iterates } = record;
  const end = iterates.length - 1;
  const nets = minefieldNets(record);
  const byName = new Map(nets.map(net => [net.name, net]));
  const family = run.families.get('minefield')?.window ? run.families.get('minefield') : null;
  const maps = minefieldMaps(record);
  const nearestEpoch = epoch => d3.leastIndex(iterates, (a, b) => Math.abs(a.epoch - epoch) - Math.abs(b.epoch - epoch));

  let at = 0;
  let map = null;
  const read = () => {
    at = nearestEpoch(address.get('epoch', iterates[end].epoch));
    map = maps.all.get(address.get('map', maps.preferred)) ?? maps.all.get(maps.preferred);
  };
  read();
  const pinned = () => byName.get(spotlight.pinned) ?? null;
  const lit = () => byName.get(spotlight.lit) ?? pinned();
  // Beside the run stands what is lit, else the bad minimum that was reached from nearest by.
  const bad = nets.filter(isBadNet);
  const beside = () => lit() ?? d3.least(bad, net => Math.abs(net.record.epoch - iterates[at].epoch)) ?? null;

  const choose = controls.select('Map', maps.options, map.key, key => {
    map = maps.all.get(key);
    address.set({ map: key }, STATION);
    toMap();
    chartOfMap.move();
  });
  const slider = controls.slider('Epoch of the good run', {
    min: 0, max: end, step: 1, value: at, text: index => `${iterates[index].epoch} of ${iterates[end].epoch}`,
  }, index => walk(index));
  let along = null;
  const player = controls.player('walk along the good run', seconds => {
    along = (along ?? (at < end ? at : 0)) + (seconds * end) / MINEFIELD_SECONDS;
    go(Math.min(Math.floor(along), end));
    if (along >= end) player.toggle(false);
  });
  player.addEventListener('paused', () => { along = null; });
  const status = controls.status();

  const hint = element('p', { class: 'hint' });
  const keys = element('ul', { class: 'legend' });
  const mapBox = element('div');
  const courseBox = element('div', { class: 'course' });
  const panels = [minefieldPanel(family), minefieldPanel(family)];
  const jumps = [['nearest_fixed', 'fixed poison'], ['nearest_redrawn', 'redrawn poison']].map(([field, kind]) => ({
    field, kind, button: controls.button(kind, () => spotlight.pin(iterates[at][field].minimum, STATION)),
  }));
  panels[0].box.append(element('div', { class: 'controls jumps' }, element('span', {}, 'Jump to the nearest bad minimum'),
    ...jumps.map(({ button }) => button)));
  const back = controls.button('', () => walk(nearestEpoch(beside().record.epoch)));
  const release = controls.button('Unpin', () => { spotlight.pin(spotlight.pinned, STATION); back.focus(); });
  panels[1].box.append(controls.row(back, release));
  const stage = element('div', { class: 'stage two' },
    mapBox, element('div', { class: 'pair' }, ...panels.map(({ box }) => box)), element('div', { class: 'keys' }, keys, hint),
    courseBox);
  host.append(
    element('h3', {}, 'Bad minima around a good run ', element('small', {},
      'Each mark is a net. Point at one to see its decision boundary, click to pin it. Drag the blue ring, or move the slider, to walk along the run.')),
    controls.row(choose, player, slider), stage,
    saveRow('minefield', {
      stage, rows: () => minefieldRows(nets, map),
      state: () => ({ map: map.text, epoch: iterates[at].epoch, beside: beside()?.name ?? null }),
    }),
    status);

  const shared = { record, nets, at: () => at, beside, drag: walk };
  const chartOfMap = minefieldMap(mapBox, { ...shared, pinned, station: STATION, map: () => map.embedding });
  const course = minefieldCourse(courseBox, shared);

  /** Goes where the reader wants, who has taken over from the player. */
  function walk(index) {
    player.toggle(false);
    go(index);
  }

  function go(index) {
    if (index === at) return;
    at = index;
    slider.set(at);
    walked = true;
    soon();
  }

  let walked = false;
  let frame = 0;
  let rest = 0;
  /** Draws coarsely at the next frame, and once things are still sharply. */
  function soon() {
    frame ||= requestAnimationFrame(() => { frame = 0; render(true); });
    clearTimeout(rest);
    rest = setTimeout(() => {
      render(false);
      if (walked) address.set({ epoch: iterates[at].epoch }, STATION);
      walked = false;
      tell();
    }, MINEFIELD_REST);
  }

  function tell() {
    const other = beside();
    status.say(`${minefieldLine(nets[at])}${other ? `. Beside it ${minefieldLine(other)}` : ''}.`);
  }

  function render(moving) {
    const other = beside();
    const heading = net => (isBadNet(net) ? net.name : `Epoch ${net.record.epoch}`);
    chartOfMap.mark();
    course.mark();
    panels[0].show(nets[at], { moving, heading: heading(nets[at]) });
    panels[1].box.hidden = !other;
    if (other) panels[1].show(other, { moving, heading: heading(other) });
    release.hidden = !pinned();
    back.textContent = other ? `Run to epoch ${other.record.epoch}` : '';
    for (const { field, kind, button } of jumps) {
      const near = iterates[at][field];
      button.hidden = !near;
      if (!near) continue;
      button.setAttribute('aria-label', `Pin the nearest with ${kind}: ${near.minimum}, ${inNorms(near)} away`);
      button.setAttribute('aria-pressed', String(spotlight.pinned === near.minimum));
    }
  }

  /** What goes with a map: its key and its sentence. */
  function toMap() {
    choose.select.value = map.key;
    hint.textContent = map.hint + (nets.some(net => net.record.basin) ? ` ${MINEFIELD_BASINS}` : '');
    keys.replaceChildren(...minefieldKeys(record, map));
  }

  spotlight.on(soon);
  look.on(toMap);
  address.onChange(() => {
    const before = map;
    read();
    slider.set(at);
    toMap();
    if (map !== before) chartOfMap.move();
    soon();
  });
  toMap();
  render(false);
  return true;
}
