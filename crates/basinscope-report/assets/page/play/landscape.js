// The landscape to walk in: a plane through a minimum as contours and as a surface, with a marker.

/** Until the marker has rested so long (ms), the boundary is drawn coarse and the address waits. */
const LANDSCAPE_REST = 160;

/** With at most so many nodes in it, a basin is said to be hardly wider than the mesh. */
const HARDLY_ANY = 20;

function landscape(host) {
  const STATION = 'flatness';
  const family = run.families.get('run');
  if (!family) return false;
  const planes = landscapePlanes(family);
  const names = [...family.nets.keys()];
  const usualName = family.has(run.pair?.good) ? run.pair.good : names[0];
  const usualKey = name => (planes.has(name, 'recorded') ? 'recorded' : '1');
  const reaches = key => (key === 'recorded' ? [0, ...PLANE_REACHES] : PLANE_REACHES);

  // --- what is chosen -------------------------------------------------------------------------

  const state = { name: '', key: '', reach: 0, a: 0, b: 0, turn: 0, tilt: 0, view: 'contours' };
  /** Seeds of the random planes drawn so far, by minimum, and the areas of the basin in them. */
  const seeds = new Map();
  const drawn = [];
  const sections = new Map();
  let plane = null;
  let mesh = null;
  let score = { loss: NaN, accuracy: NaN };
  let job = null;

  function read() {
    const name = address.get('lm', usualName);
    state.name = family.has(name) ? name : usualName;
    const key = address.get('plane', usualKey(state.name));
    state.key = planes.has(state.name, key) ? key : usualKey(state.name);
    const reach = address.get('reach', USUAL_PLANE_REACH);
    state.reach = reaches(state.key).includes(reach) ? reach : USUAL_PLANE_REACH;
    const { x, y } = planes.plane(state.name, state.key, state.reach);
    const within = ({ from, to }, value) => Math.min(Math.max(value, from), to);
    state.a = within(x, address.get('a', 0));
    state.b = within(y, address.get('b', 0));
    state.turn = address.get('turn', USUAL_TURN);
    state.tilt = address.get('tilt', USUAL_TILT);
    state.view = address.get('lview', 'contours') === 'relief' ? 'relief' : 'contours';
  }
  function remember() {
    // What is left out of the address depends on the minimum and the plane.
    address.get('plane', usualKey(state.name));
    address.get('reach', USUAL_PLANE_REACH);
    address.set({
      lm: state.name, plane: state.key, reach: state.reach, a: Number(state.a.toPrecision(4)), b: Number(state.b.toPrecision(4)),
      turn: Math.round(state.turn), tilt: Math.round(state.tilt), lview: state.view,
    }, STATION);
  }

  // --- controls -------------------------------------------------------------------------------

  const tested = name => [name, `${name} (test ${say.percent(family.nets.get(name).test_accuracy)})`];
  const { good, bad } = run.pair ?? {};
  const groups = family.has(good) && family.has(bad)
    ? [['The good one', [tested(good)]], ['The bad one', [tested(bad)]],
      ['The others', names.filter(name => name !== good && name !== bad).map(tested)]].filter(([, list]) => list.length)
    : names.map(tested);
  const chooseName = controls.select('Minimum', groups, usualName, name => change({ name }));
  const choosePlane = controls.select('Plane', [], '', key => change({ key }));
  const chooseReach = controls.select('Reach', [], '', reach => change({ reach: Number(reach) }));
  const fresh = controls.button('New random plane', () => change({ key: String(1 + Math.max(0, ...(seeds.get(state.name) ?? []))) }));
  const zoom = controls.button('Zoom to the basin', zoomIn);
  const toPinned = controls.button('', () => {
    change({ name: spotlight.pinned });
    chooseName.select.focus();
  });
  const home = controls.button('Back to the minimum', () => walk(0, 0, false));
  const reset = controls.button('Reset the view', () => {
    relief.set(USUAL_TURN, USUAL_TILT);
    turned(USUAL_TURN, USUAL_TILT, false);
  });
  const status = controls.status();

  function options(select, pairs, value) {
    select.replaceChildren(...pairs.map(([key, text]) => element('option', { value: key, selected: String(key) === String(value) }, text)));
  }
  function tellControls() {
    chooseName.select.value = state.name;
    const list = [...new Set([...(seeds.get(state.name) ?? []), ...(/^\d/.test(state.key) ? [Number(state.key)] : [])])].sort((a, b) => a - b);
    seeds.set(state.name, list);
    const other = planes.other(state.name);
    options(choosePlane.select, [
      ['recorded', 'random, of the record'], ['stiff', 'the two stiffest directions'], ['towards', `through ${other}`],
    ].filter(([key]) => planes.has(state.name, key)).concat(list.map(seed => [seed, `random, number ${seed}`])), state.key);
    options(chooseReach.select, reaches(state.key).map(reach => (reach === 0
      ? [0, `± ${say.significant(planes.surface(state.name).x.to, 1)}, as recorded`] : [reach, `± ${reach}`])), state.reach);
    tellPinned();
  }
  function tellPinned() {
    const { pinned } = spotlight;
    toPinned.hidden = pinned === null || pinned === state.name || !family.has(pinned);
    toPinned.textContent = `Go to ${pinned}, which is pinned`;
  }
  spotlight.on(tellPinned);

  /** The smallest reach that shows the basin with some room around it. */
  function zoomIn() {
    const section = crossSection(family, plane, plane.cutoff, 8);
    let next = section.next();
    while (!next.done) next = section.next();
    const radius = Math.sqrt(next.value / Math.PI);
    change({ reach: PLANE_REACHES.find(reach => reach >= 2.2 * radius) ?? PLANE_REACHES[PLANE_REACHES.length - 1] });
    chooseReach.select.focus();
  }

  // --- the parts ------------------------------------------------------------------------------

  const plot = element('div', { class: 'plot landscape-plot' });
  const canvas = element('canvas', { class: 'landscape-relief' });
  const field = family.window ? element('canvas') : null;
  const heading = text => element('h4', { 'data-shot': true }, text);
  const titles = {
    contours: heading('The loss over the plane'),
    relief: heading('The same as a surface'),
    net: heading('The net at the marker'),
  };
  const key = element('div');
  const readings = controls.facts([
    ['train loss (nats)', '', { 'data-field': 'train_loss' }], ['train accuracy', '', { 'data-field': 'train_accuracy' }],
    ['test accuracy', '', { 'data-field': 'test_accuracy' }], ['steps a, b', '', { 'data-field': 'steps' }],
    ['walked (in |θ|)', '', { 'data-field': 'distance' }],
  ]);
  const cells = Object.fromEntries([...readings.querySelectorAll('dd')].map(cell => [cell.dataset.field, cell]));
  const panels = {
    contours: element('div', { class: 'landscape-panel', id: freshId() }, titles.contours, plot, key),
    relief: element('div', { class: 'landscape-panel', id: freshId() }, titles.relief, canvas,
      element('p', { class: 'hint' }, 'Drag to turn it, or use the arrow keys. A hollow ball is behind the surface.'), controls.row(reset)),
  };
  const net = element('div', { class: 'landscape-net' }, titles.net, field, readings, controls.row(home));
  const tabs = landscapeTabs(panels, { contours: 'Contours', relief: 'Surface' }, view => {
    state.view = view;
    relief.ask();
    remember();
  });
  const stage = element('div', { class: 'landscape' }, panels.contours, panels.relief, net);
  const about = element('p', { class: 'hint' });
  const honesty = element('div', { class: 'landscape-worth' });
  const boundary = field && new BoundaryView(field, family, '');
  const worth = landscapeWorth(honesty, { family, planes, drawn, get: () => ({ plane, section: sections.get(`${state.name}/${state.key}`) ?? null }) });

  // --- a plane --------------------------------------------------------------------------------

  function change(changes) {
    const before = { ...state };
    Object.assign(state, changes);
    if (!planes.has(state.name, state.key)) state.key = usualKey(state.name);
    if (!reaches(state.key).includes(state.reach)) state.reach = USUAL_PLANE_REACH;
    if (state.key !== before.key && state.key === 'recorded') state.reach = 0;
    if (state.name !== before.name || state.key !== before.key || state.reach !== before.reach) [state.a, state.b] = [0, 0];
    show();
    remember();
  }

  function show() {
    job?.cancel();
    plane = planes.plane(state.name, state.key, state.reach);
    tellControls();
    const { test_accuracy } = family.nets.get(state.name);
    titles.contours.textContent = `${state.name} · test ${say.percent(test_accuracy)}`;
    tellPlane();
    worth.tell();
    walk(state.a, state.b, false, false);
    job = inSlices(work(plane), { step: refresh, done: () => { job = null; } });
    refresh();
  }

  /** Everything that is not known of a plane: its losses, then the area of the basin in it. */
  function* work(plane) {
    yield* fillPlane(family, plane);
    tellPlane();
    const id = `${plane.name}/${plane.key}`;
    const told = plane.key === 'recorded' && planes.surface(plane.name)?.worth;
    if (sections.has(id) || told || plane.key === 'towards') return;
    const section = yield* crossSection(family, plane, plane.cutoff);
    sections.set(id, section);
    if (/^\d/.test(plane.key)) drawn.push({ minimum: plane.name, seed: Number(plane.key), section });
    worth.tell();
  }

  function refresh() {
    plot.setAttribute('aria-busy', String(plane.stride !== 1));
    if (!plane.stride) return;
    mesh = planeMesh(plane);
    contours ? contours.redraw() : mount();
    relief.reshape();
    tellPlace();
  }

  function tellPlane() {
    const below = plane.stride === 1 ? plane.loss.filter(loss => loss <= plane.cutoff).length : Infinity;
    const what = {
      recorded: 'Two random directions d₁ and d₂, filter by filter as long as the weights they move',
      stiff: 'The two directions in which the loss curves most, drawn as long as θ',
      towards: `a = 0 is ${state.name}, a = 1 is ${planes.other(state.name)}; d₂ is random`,
    }[state.key] ?? `Two random directions (seeds ${2 * Number(state.key)} and ${2 * Number(state.key) + 1}), filter by filter as long as the weights they move`;
    const from = plane.recorded ? `the losses are those of the record, ${plane.x.count} × ${plane.y.count} nets` : `computed in this page, ${plane.x.count} × ${plane.y.count} nets`;
    const outside = family.score(plane.theta).loss > plane.cutoff;
    const narrow = !outside && below <= HARDLY_ANY && state.key !== 'towards';
    zoom.hidden = !narrow;
    about.textContent = `Every point is a net: θ + a·d₁ + b·d₂. ${what}; ${from}. Height and colour are log₁₀ of the loss${clipped()}. `
      + 'Drag the marker, or use the arrow keys (with Shift in larger steps); double click or Home brings it back.'
      + (outside ? ' This net’s own loss is above the cutoff: at it, it has no basin.' : '')
      + (narrow ? ` Only ${below} of these nets ${below === 1 ? 'lies' : 'lie'} below the cutoff: the basin is hardly wider than the mesh.` : '');
  }

  function clipped() {
    const at = level => `${say.significant(10 ** level, 1)} nats`;
    const [below, above] = mesh?.clipped ?? [];
    if (below && above) return `, clipped below ${at(mesh.low)} and above ${at(mesh.high)}`;
    return below ? `, clipped below ${at(mesh.low)}` : above ? `, clipped above ${at(mesh.high)}` : '';
  }

  // --- the marker -----------------------------------------------------------------------------

  const at = new Float32Array(family.net.parameters);
  let rest = 0;
  function walk(a, b, moving, told = true) {
    [state.a, state.b] = [a, b];
    clearTimeout(rest);
    moved(plane.theta, [a, b], plane.directions, at);
    score = boundary ? boundary.draw(at, { moving }) : family.score(at);
    cells.train_loss.textContent = say.significant(score.loss, 3);
    cells.train_accuracy.textContent = say.percent(score.accuracy);
    cells.test_accuracy.textContent = say.percent(family.score(at, 'test').accuracy);
    cells.steps.textContent = `${say.significant(a, 3)}, ${say.significant(b, 3)}`;
    cells.distance.textContent = say.significant(distanceWalked(plane, a, b), 3);
    if (mesh) tellPlace();
    if (moving) {
      rest = setTimeout(() => walk(a, b, false), LANDSCAPE_REST);
      return;
    }
    const place = `a = ${say.significant(a, 3)}, b = ${say.significant(b, 3)}: loss ${say.significant(score.loss, 3)} nats, train accuracy ${say.percent(score.accuracy)}`;
    if (boundary) boundary.label = `Decision boundary of the net at ${place}, with the training points.`;
    contours?.say(place);
    if (!told) return;
    status.say(`${place}. Walked ${cells.distance.textContent} of the length of θ.`);
    remember();
  }
  function tellPlace() {
    const still = state.a === 0 && state.b === 0;
    const record = family.nets.get(state.name);
    for (const field of ['train_loss', 'train_accuracy', 'test_accuracy']) {
      if (still) cells[field].dataset.minimum = record.name;
      else delete cells[field].dataset.minimum;
    }
    contours?.place();
    relief.ask();
  }

  function turned(turn, tilt, moving) {
    Object.assign(state, { turn, tilt });
    if (!moving) remember();
  }

  // --- putting it together --------------------------------------------------------------------

  const seen = () => {
    const other = planes.other(state.name);
    return [{ name: state.name, a: 0, b: 0 }, ...(state.key === 'towards' ? [{ name: other, a: 1, b: 0 }] : [])];
  };
  let contours = null;
  const relief = landscapeRelief(canvas, { get: () => ({ mesh, plane, a: state.a, b: state.b, loss: score.loss }), turned });
  function mount() {
    contours = landscapeContours(plot, { get: () => ({ plane, mesh, a: state.a, b: state.b, marks: seen() }), walk, station: STATION });
    walk(state.a, state.b, false, false);
    legend(key, [
      { color: CUTOFF_LINE.line, text: `cutoff, ${plane.cutoff} nats`, shape: 'line cutoff' },
      { color: MARKER_COLOR, text: 'where you stand', shape: 'disc' },
    ]);
  }

  const save = saveRow('landscape', {
    stage,
    state: () => ({
      minimum: state.name, plane: state.key, reach: state.reach, recorded: plane.recorded, a: state.a, b: state.b,
      train_loss: score.loss, train_accuracy: score.accuracy, turn: state.turn, tilt: state.tilt,
    }),
    rows: () => d3.cross(d3.range(plane.y.count), d3.range(plane.x.count)).map(([j, i]) => {
      const at = j * plane.x.count + i;
      return {
        minimum: plane.name, plane: plane.key, a: axisValue(plane.x, i), b: axisValue(plane.y, j),
        train_loss: plane.loss[at], ...(plane.accuracy ? { train_accuracy: plane.accuracy[at] } : {}),
      };
    }),
  });
  // What is saved is whole.
  save.addEventListener('click', finish, true);

  host.append(
    controls.row(chooseName, choosePlane, chooseReach, fresh, zoom, toPinned),
    tabs.list, stage, about, save, honesty, status,
  );
  new ResizeObserver(() => tabs.narrow(host.clientWidth < 560)).observe(host);
  read();
  tabs.show(state.view);
  relief.set(state.turn, state.tilt);
  plane = planes.plane(state.name, state.key, state.reach);
  tellControls();

  // The first picture is drawn when it comes near the window.
  const watch = new IntersectionObserver(entries => entries.some(entry => entry.isIntersecting) && start(), { rootMargin: '600px' });
  let started = false;
  function start() {
    if (started) return;
    started = true;
    watch.disconnect();
    show();
  }
  watch.observe(host);
  function finish() {
    start();
    job?.finish();
    relief.draw();
  }
  addEventListener('beforeprint', finish);
  address.onChange(() => {
    read();
    tabs.show(state.view);
    relief.set(state.turn, state.tilt);
    if (started) show();
  });
  look.on(() => started && worth.tell());
  return true;
}

/** Panels as tabs where there is no room for all of them side by side. */
function landscapeTabs(panels, names, chosen) {
  let current = Object.keys(panels)[0];
  let isNarrow = false;
  const tabs = Object.fromEntries(Object.entries(names).map(([key, text]) => [key,
    controls.button(text, () => { show(key); chosen(key); }, { role: 'tab', 'aria-controls': panels[key].id, id: freshId() })]));
  const keys = Object.keys(tabs);
  const list = element('div', { class: 'controls', role: 'tablist', 'aria-label': 'How the plane is shown', keydown: event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = keys[(keys.indexOf(current) + step + keys.length) % keys.length];
    show(next);
    chosen(next);
    tabs[next].focus();
    event.preventDefault();
  } }, ...Object.values(tabs));
  function show(key = current) {
    current = key;
    list.hidden = !isNarrow;
    for (const each of keys) {
      tabs[each].setAttribute('aria-selected', String(each === current));
      tabs[each].setAttribute('tabindex', each === current ? 0 : -1);
      panels[each].hidden = isNarrow && each !== current;
      if (isNarrow) {
        panels[each].setAttribute('role', 'tabpanel');
        panels[each].setAttribute('aria-labelledby', tabs[each].id);
      } else ['role', 'aria-labelledby'].forEach(name => panels[each].removeAttribute(name));
    }
  }
  return {
    list,
    show,
    /** Whether there is room for one panel only. */
    narrow(yes) {
      isNarrow = yes;
      show();
    },
  };
}
