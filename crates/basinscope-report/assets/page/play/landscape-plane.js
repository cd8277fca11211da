// Planes through a minimum: which there are, and their losses, computed a slice at a time.

/** How far a plane computed in this page may reach each way, in units of its directions. */
const PLANE_REACHES = [0.0005, 0.002, 0.01, 0.05, 0.25, 0.5, 1];
const USUAL_PLANE_REACH = 0.25;

/** Nodes along a side; a multiple of the first stride, plus 1. */
const PLANE_NODES = 41;
const PLANE_STRIDE = 4;

/** The axis towards another minimum: both ends, and what lies beyond them, on nodes of the mesh. */
const TOWARDS_AXIS = { from: -0.25, to: 1.25, count: 49 };
const TOWARDS_SEED = 1;

/** Milliseconds of a frame that go into computing. */
const PLANE_BUDGET = 9;

/** Rays of a cross-section, and halvings of the (logarithmic) bracket of each. */
const SECTION_RAYS = 64;
const SECTION_HALVINGS = 7;
const SECTION_LARGEST = 100;

/** The planes through the minima of a family. */
function landscapePlanes(family) {
  const surfaces = new Map(run.surfaces.filter(surface => surface.directions.length === 2 && family.has(surface.minimum))
    .map(surface => [surface.minimum, surface]));
  const stiff = new Map(run.eigenvectors.filter(record => record.vectors.length > 1).map(record => [record.minimum, record]));
  const spans = new Map();
  const planes = new Map();

  /** The minimum that a plane through `name` may be laid towards, or null. */
  function other(name) {
    const { good, bad } = run.pair ?? {};
    const towards = name === good ? bad : good;
    return towards !== undefined && towards !== name && family.has(towards) ? towards : null;
  }

  function directions(name, key) {
    const theta = family.theta(name);
    if (key === 'recorded') return surfaces.get(name).directions.map(floats);
    if (key === 'stiff') return stiff.get(name).vectors.slice(0, 2).map(vector => scaled(floats(vector), norm(theta)));
    if (key === 'towards') {
      const end = family.theta(other(name));
      return [theta.map((w, i) => end[i] - w), filterNormalized(family.net, theta, TOWARDS_SEED)];
    }
    const seed = Number(key);
    return [2 * seed, 2 * seed + 1].map(each => filterNormalized(family.net, theta, each));
  }

  /** Directions of a plane, and their inner products. */
  function span(name, key) {
    const id = `${name}/${key}`;
    if (!spans.has(id)) {
      const [d1, d2] = directions(name, key);
      const dot = (u, v) => u.reduce((sum, x, i) => sum + x * v[i], 0);
      spans.set(id, { directions: [d1, d2], products: [dot(d1, d1), dot(d1, d2), dot(d2, d2)] });
    }
    return spans.get(id);
  }

  return {
    other,
    /** The record of a random plane through a minimum whose directions are known. */
    surface: name => surfaces.get(name) ?? null,
    /** The record of the stiffest directions at a minimum. */
    stiff: name => stiff.get(name) ?? null,
    has: (name, key) => (key === 'recorded' ? surfaces.has(name) : key === 'stiff' ? stiff.has(name)
      : key === 'towards' ? other(name) !== null : /^[1-9]\d{0,5}$/.test(key)),
    /** A plane over a reach each way; `reach` 0 of a recorded plane is its own range, with its losses. */
    plane(name, key, reach) {
      const id = `${name}/${key}/${reach}`;
      if (!planes.has(id)) {
        const record = key === 'recorded' && reach === 0 ? surfaces.get(name) : null;
        const each = { from: -reach, to: reach, count: PLANE_NODES };
        const { x, y } = record ?? { x: key === 'towards' ? TOWARDS_AXIS : each, y: each };
        planes.set(id, {
          id, name, key, reach, x, y, ...span(name, key),
          theta: family.theta(name),
          /** That of the recorded areas where there are any, so that one line and one word serve all. */
          cutoff: surfaces.get(name)?.worth?.cutoff ?? run.cutoff,
          recorded: record !== null,
          loss: record ? floats(record.train_loss) : new Float32Array(x.count * y.count),
          accuracy: record ? null : new Float32Array(x.count * y.count),
          /** Nodes that are known lie so far apart; 0 where none is. */
          stride: record ? 1 : 0,
        });
      }
      return planes.get(id);
    },
  };
}

/** In which units an axis is labelled: {factor, note}, so that numbers stay short. */
const planeUnits = ({ from, to }) => (Math.max(-from, to) > 0.01 ? { factor: 1, note: '' } : { factor: 1000, note: ' (×\u202f10⁻³)' });

const axisValue = ({ from, to, count }, index) => from + ((to - from) * index) / (count - 1);

/** |a·d₁ + b·d₂| in units of |θ|. */
function distanceWalked({ products: [aa, ab, bb], theta }, a, b) {
  return Math.sqrt(Math.max(a * a * aa + 2 * a * b * ab + b * b * bb, 0)) / norm(theta);
}

/** Fills in the losses of a plane, coarse nodes first; yields true when a coarser picture is whole. */
function* fillPlane(family, plane) {
  const { x, y, theta, directions, loss, accuracy } = plane;
  const at = new Float32Array(theta.length);
  for (let stride = plane.stride ? plane.stride / 2 : PLANE_STRIDE; stride >= 1; stride /= 2) {
    for (let j = 0; j < y.count; j += stride) {
      for (let i = 0; i < x.count; i += stride) {
        if (stride < PLANE_STRIDE && i % (2 * stride) === 0 && j % (2 * stride) === 0) continue;
        moved(theta, [axisValue(x, i), axisValue(y, j)], directions, at);
        const score = family.score(at);
        loss[j * x.count + i] = score.loss;
        accuracy[j * x.count + i] = score.accuracy;
        yield false;
      }
    }
    plane.stride = stride;
    yield true;
  }
}

/**
 * Area of {loss ≤ cutoff} in a plane as seen from the minimum, ½·∮r(φ)²dφ, in units of the
 * directions: the cross-section of the records, here by bisection. Returns it when it is done.
 */
function* crossSection(family, { theta, directions }, cutoff, rays = SECTION_RAYS) {
  if (family.score(theta).loss > cutoff) return 0;
  const at = new Float32Array(theta.length);
  let [guess, squares] = [0.1, 0];
  for (let ray = 0; ray < rays; ray += 1) {
    const angle = (2 * Math.PI * ray) / rays;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const inside = r => family.score(moved(theta, [r * cos, r * sin], directions, at)).loss <= cutoff;
    let [low, high] = [guess, guess];
    if (inside(guess)) while (high < SECTION_LARGEST && inside(high *= 2)) low = high;
    else while (!inside(low /= 2)) high = low;
    high = Math.min(high, 2 * low);
    for (let i = 0; i < SECTION_HALVINGS; i += 1) {
      const middle = Math.sqrt(low * high);
      if (inside(middle)) low = middle;
      else high = middle;
      yield false;
    }
    guess = Math.sqrt(low * high);
    squares += guess * guess;
  }
  return (Math.PI / rays) * squares;
}

/** Runs a generator a few milliseconds each frame; `finish()` runs the rest at once. */
function inSlices(work, { step = () => {}, done = () => {} }) {
  let over = false;
  const advance = until => {
    while (!over && performance.now() < until) {
      const next = work.next();
      if (next.done) {
        over = true;
        done(next.value);
      } else if (next.value) step();
    }
    if (!over) requestAnimationFrame(() => advance(performance.now() + PLANE_BUDGET));
  };
  requestAnimationFrame(() => advance(performance.now() + PLANE_BUDGET));
  return {
    finish: () => advance(Infinity),
    cancel() { over = true; },
  };
}

/** The known nodes of a plane as log10 losses on a mesh, and the scale they are shown on. */
function planeMesh({ x, y, loss, stride, cutoff }) {
  const columns = (x.count - 1) / stride + 1;
  const rows = (y.count - 1) / stride + 1;
  const values = new Float32Array(columns * rows);
  for (let j = 0; j < rows; j += 1) {
    for (let i = 0; i < columns; i += 1) {
      const value = Math.log10(Math.max(loss[j * stride * x.count + i * stride], 1e-12));
      values[j * columns + i] = Number.isFinite(value) ? value : 12;
    }
  }
  const [lowest, highest] = d3.extent(values);
  const high = Math.min(highest, 3);
  const low = Math.max(Math.min(lowest, high - 0.5), Math.min(-4, high - 3));
  return { columns, rows, values, low, high, clipped: [lowest < low, highest > high], x, y, cutoff };
}
