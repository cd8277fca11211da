// The plane as a surface to turn: quads from the farthest to the nearest, on a canvas.

const USUAL_TURN = -32;
const USUAL_TILT = 62;
const TILTS = [12, 88];

/** Height of the surface, and how far its base lies below, where the plane is 2 wide. */
const RELIEF_HEIGHT = 0.7;
const RELIEF_BASE = -0.14;

/** Where light comes from, along a, b and upwards. */
const LIGHT = [-0.45, -0.35, 0.82];

/**
 * A surface on `canvas`. `get()` says {mesh, plane, a, b, loss}; `turned(turn, tilt, moving)` is
 * called when the reader has turned it.
 */
function landscapeRelief(canvas, { get, turned }) {
  const view = { turn: USUAL_TURN, tilt: USUAL_TILT };
  let surface = null;
  let waiting = false;

  const draw = () => {
    waiting = false;
    const width = canvas.clientWidth;
    if (!surface || width === 0) return;
    const ratio = Math.min(devicePixelRatio, 2);
    const height = Math.round(Math.min(width * 0.94, 540));
    const size = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) {
      [canvas.width, canvas.height] = size;
      canvas.style.height = `${height}px`;
    }
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    drawRelief(context, { width, height }, surface, { ...view, ...get() });
  };
  const ask = () => {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  };

  canvas.setAttribute('tabindex', 0);
  canvas.setAttribute('role', 'slider');
  canvas.setAttribute('aria-roledescription', 'surface to turn');
  canvas.setAttribute('aria-label', 'The loss over the plane as a surface');
  canvas.setAttribute('aria-valuemin', -180);
  canvas.setAttribute('aria-valuemax', 180);
  function set(turn, tilt) {
    view.turn = ((((turn + 180) % 360) + 360) % 360) - 180;
    view.tilt = Math.min(Math.max(tilt, TILTS[0]), TILTS[1]);
    canvas.setAttribute('aria-valuenow', Math.round(view.turn));
    canvas.setAttribute('aria-valuetext', `turned by ${Math.round(view.turn)}°, seen from ${Math.round(view.tilt)}° above`);
    ask();
  }
  let start = null;
  dragOver(canvas, {
    begin: event => { start = { x: event.clientX, y: event.clientY, ...view }; },
    move: event => {
      set(start.turn + (event.clientX - start.x) * 0.5, start.tilt + (event.clientY - start.y) * 0.4);
      turned(view.turn, view.tilt, true);
    },
    end: () => turned(view.turn, view.tilt, false),
  });
  canvas.addEventListener('keydown', event => {
    const [turn, tilt] = { ArrowLeft: [-5, 0], ArrowRight: [5, 0], ArrowUp: [0, 4], ArrowDown: [0, -4] }[event.key] ?? [0, 0];
    const stride = event.shiftKey ? 3 : 1;
    if (event.key === 'Home') set(USUAL_TURN, USUAL_TILT);
    else if (turn || tilt) set(view.turn + stride * turn, view.tilt + stride * tilt);
    else return;
    event.preventDefault();
    turned(view.turn, view.tilt, false);
  });
  new ResizeObserver(ask).observe(canvas);
  look.on(() => { reshape(); ask(); });

  function reshape() {
    const { mesh } = get();
    if (mesh) surface = reliefSurface(mesh);
  }
  return {
    set,
    /** The plane has changed, or more of it is known. */
    reshape() { reshape(); ask(); },
    /** The marker has moved. */
    ask,
    draw,
  };
}

/** Heights, colours and the cutoff's line of each quad, which do not change as it turns. */
function reliefSurface({ columns, rows, values, low, high, cutoff: loss }) {
  const heights = values.map(value => (RELIEF_HEIGHT * (Math.min(Math.max(value, low), high) - low)) / (high - low));
  const colors = new Array((columns - 1) * (rows - 1));
  const under = new Array(colors.length);
  const lines = new Map();
  const shades = d3.range(256).map(shade => rgb(look.loss(shade / 255)));
  const paper = rgb(look.paper);
  const cutoff = Math.log10(loss);
  const [du, dv] = [2 / (columns - 1), 2 / (rows - 1)];
  for (let j = 0; j + 1 < rows; j += 1) {
    for (let i = 0; i + 1 < columns; i += 1) {
      const at = j * columns + i;
      const corners = [at, at + 1, at + columns + 1, at + columns];
      const [a, b, c, d] = corners.map(corner => heights[corner]);
      const slope = [-(b + c - a - d) / (2 * du), -(c + d - a - b) / (2 * dv), 1];
      const lit = (slope[0] * LIGHT[0] + slope[1] * LIGHT[1] + LIGHT[2]) / Math.hypot(...slope);
      const bright = 0.74 + 0.32 * Math.max(lit, 0);
      const color = shades[Math.round((255 * (a + b + c + d)) / (4 * RELIEF_HEIGHT))];
      const quad = j * (columns - 1) + i;
      colors[quad] = `rgb(${color.map(part => Math.min(Math.round(part * bright), 255))})`;
      under[quad] = `rgb(${color.map((part, k) => Math.round(0.45 * part * bright + 0.55 * (0.62 * paper[k] + 38)))})`;
      const line = quadCrossings(corners.map(corner => values[corner]), cutoff);
      if (line) {
        const at = ([x, y]) => [(i + x) * du - 1, (j + y) * dv - 1];
        lines.set(quad, line.map(at));
      }
    }
  }
  const level = Math.min(Math.max(cutoff, low), high);
  return { columns, rows, heights, colors, under, lines, lineHeight: (RELIEF_HEIGHT * (level - low)) / (high - low) };
}

/** Ends of the line where a quad's value passes a level: corners in order around it, from (0, 0). */
function quadCrossings(values, level) {
  const corners = [[0, 0], [1, 0], [1, 1], [0, 1]];
  const ends = [];
  for (let k = 0; k < 4; k += 1) {
    const [from, to] = [values[k], values[(k + 1) % 4]];
    if ((from > level) === (to > level)) continue;
    const t = (level - from) / (to - from);
    const [p, q] = [corners[k], corners[(k + 1) % 4]];
    ends.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
  }
  return ends.length >= 2 ? ends : null;
}

function drawRelief(context, { width, height }, surface, { turn, tilt, mesh, plane, a, b, loss }) {
  const { columns, rows, heights, colors, under, lines, lineHeight } = surface;
  const [phi, tau] = [(turn * Math.PI) / 180, (tilt * Math.PI) / 180];
  const [cos, sin, rise, depth] = [Math.cos(phi), Math.sin(phi), Math.cos(tau), Math.sin(tau)];
  const scale = Math.min((width - 72) / 2.83, (height - 60) / 2.9);
  const [cx, cy] = [width / 2 + 6, height / 2];
  const middle = (RELIEF_HEIGHT + RELIEF_BASE) / 2;
  const X = (u, v) => cx + scale * (u * cos - v * sin);
  const Y = (u, v, h) => cy - scale * ((u * sin + v * cos) * depth + (h - middle) * rise);

  drawBaseGrid(context, { X, Y });

  const [px, py] = [new Float32Array(columns * rows), new Float32Array(columns * rows)];
  for (let j = 0; j < rows; j += 1) {
    const v = (2 * j) / (rows - 1) - 1;
    for (let i = 0; i < columns; i += 1) {
      const u = (2 * i) / (columns - 1) - 1;
      px[j * columns + i] = X(u, v);
      py[j * columns + i] = Y(u, v, heights[j * columns + i]);
    }
  }
  // From the farthest row and column to the nearest: no quad is drawn before one that it hides.
  context.lineWidth = 0.8;
  context.lineJoin = 'round';
  for (let jj = 0; jj + 1 < rows; jj += 1) {
    const j = cos > 0 ? rows - 2 - jj : jj;
    for (let ii = 0; ii + 1 < columns; ii += 1) {
      const i = sin > 0 ? columns - 2 - ii : ii;
      const p = j * columns + i;
      const [q, r, s] = [p + 1, p + columns + 1, p + columns];
      const quad = j * (columns - 1) + i;
      const facing = (px[r] - px[p]) * (py[s] - py[q]) - (py[r] - py[p]) * (px[s] - px[q]);
      context.fillStyle = facing < 0 ? colors[quad] : under[quad];
      context.strokeStyle = context.fillStyle;
      context.beginPath();
      context.moveTo(px[p], py[p]);
      context.lineTo(px[q], py[q]);
      context.lineTo(px[r], py[r]);
      context.lineTo(px[s], py[s]);
      context.closePath();
      context.fill();
      context.stroke();
    }
  }
  drawCutoffLine(context, lines, lineHeight, { X, Y });
  drawBall(context, { X, Y, cos, sin, depth, rise }, surface, { mesh, a, b, loss });
  drawReliefAxes(context, { X, Y, cos, sin, mesh, height });
}

/** The cutoff's contour at its height; it shows through what stands before it. */
function drawCutoffLine(context, lines, height, { X, Y }) {
  context.lineCap = 'round';
  for (const [color, width] of [[CUTOFF_LINE.casing, 3.6], [CUTOFF_LINE.line, 1.8]]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    for (const ends of lines.values()) {
      for (let k = 0; k + 1 < ends.length; k += 2) {
        context.moveTo(X(...ends[k]), Y(...ends[k], height));
        context.lineTo(X(...ends[k + 1]), Y(...ends[k + 1], height));
      }
    }
    context.stroke();
  }
}

/** The marker as a ball on the surface with a line down to the base; hollow where it is hidden. */
function drawBall(context, { X, Y, cos, sin, depth, rise }, { columns, rows, heights }, { mesh, a, b, loss }) {
  const along = ({ from, to }, value) => (2 * (value - from)) / (to - from) - 1;
  const [u, v] = [along(mesh.x, a), along(mesh.y, b)];
  const level = Math.min(Math.max(Math.log10(Math.max(loss, 1e-12)), mesh.low), mesh.high);
  const h = (RELIEF_HEIGHT * (level - mesh.low)) / (mesh.high - mesh.low);
  const heightAt = (u, v) => {
    const [x, y] = [((u + 1) / 2) * (columns - 1), ((v + 1) / 2) * (rows - 1)];
    const [i, j] = [Math.min(Math.floor(x), columns - 2), Math.min(Math.floor(y), rows - 2)];
    const [s, t] = [x - i, y - j];
    const at = j * columns + i;
    return (heights[at] * (1 - s) + heights[at + 1] * s) * (1 - t)
      + (heights[at + columns] * (1 - s) + heights[at + columns + 1] * s) * t;
  };
  let hidden = false;
  for (let step = 0.06; step < 2.9 && !hidden; step += 0.03) {
    const [pu, pv, ph] = [u - sin * step, v - cos * step, h + 0.05 + (step * depth) / Math.max(rise, 1e-3)];
    if (Math.abs(pu) > 1 || Math.abs(pv) > 1 || ph > RELIEF_HEIGHT) break;
    hidden = heightAt(pu, pv) > ph;
  }
  const [x, y, foot] = [X(u, v), Y(u, v, h) - 5, Y(u, v, RELIEF_BASE)];
  for (const [color, width] of [[CUTOFF_LINE.line, 3], [MARKER_COLOR, 1.5]]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x, foot);
    context.stroke();
  }
  context.setLineDash([]);
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  context.fillStyle = MARKER_COLOR;
  context.globalAlpha = hidden ? 0.25 : 1;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.strokeStyle = hidden ? MARKER_COLOR : CUTOFF_LINE.line;
  context.stroke();
}

/** A grid below the surface. */
function drawBaseGrid(context, { X, Y }) {
  context.lineWidth = 1;
  context.strokeStyle = look.line;
  context.beginPath();
  for (const at of d3.range(-1, 1.01, 0.5)) {
    for (const [from, to] of [[[at, -1], [at, 1]], [[-1, at], [1, at]]]) {
      context.moveTo(X(...from), Y(...from, RELIEF_BASE));
      context.lineTo(X(...to), Y(...to, RELIEF_BASE));
    }
  }
  context.stroke();
}

/** The ends of both axes, and the scale of losses. */
function drawReliefAxes(context, { X, Y, cos, sin, mesh, height }) {
  const base = RELIEF_BASE;
  // The edges that are nearest to the reader carry the axes.
  const [near, side] = [cos > 0 ? -1 : 1, sin > 0 ? -1 : 1];
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = 'middle';
  context.strokeStyle = look.paper;
  context.lineWidth = 3;
  const placed = [];
  const write = (text, u, v, h, color = look.muted, align = null, shift = [0, 0]) => {
    context.fillStyle = color;
    const [dx, dy] = [X(u, v) - X(0, 0), Y(u, v, h) - Y(0, 0, h)];
    const [x, y] = [X(u, v) + shift[0], Y(u, v, h) + (align ? 0 : Math.sign(dy) * 3) + shift[1]];
    context.textAlign = align ?? (Math.abs(dx) < 12 ? 'center' : dx < 0 ? 'right' : 'left');
    if (placed.some(([px, py]) => Math.abs(px - x) < 42 && Math.abs(py - y) < 12)) return;
    placed.push([x, y]);
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  };
  const out = 1.13;
  for (const at of [-1, 0, 1]) {
    write(planeTicks(mesh.x)(mesh.x.from + ((at + 1) / 2) * (mesh.x.to - mesh.x.from)), 0.94 * at, near * out, base);
    write(planeTicks(mesh.y)(mesh.y.from + ((at + 1) / 2) * (mesh.y.to - mesh.y.from)), side * out, 0.94 * at, base);
  }
  write('a', 0.5, near * 1.2, base, look.ink);
  write('b', side * 1.2, 0.5, base, look.ink);
  // Losses stand at the corner farthest to the left.
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
  const [u, v] = d3.least(corners, corner => X(...corner));
  const whole = d3.range(Math.ceil(mesh.low), Math.floor(mesh.high) + 1);
  const ticks = whole.length > 1 ? whole : [mesh.low, mesh.high];
  const heightOf = level => (RELIEF_HEIGHT * (level - mesh.low)) / (mesh.high - mesh.low);
  const shown = [];
  for (const level of ticks) {
    if (shown.length && Y(u, v, heightOf(shown[shown.length - 1])) - Y(u, v, heightOf(level)) < 15) continue;
    shown.push(level);
    write(whole.length > 1 ? power(10 ** level) : say.significant(10 ** level, 2), u, v, heightOf(level), look.muted, 'right', [-7, 0]);
  }
  write('loss (nats)', u, v, RELIEF_HEIGHT, look.muted, 'left', [-34, -17]);
  const small = [['a', mesh.x], ['b', mesh.y]].filter(([, axis]) => planeUnits(axis).note);
  if (small.length) {
    context.textAlign = 'left';
    context.fillText(`${small.map(([name]) => name).join(', ')}${planeUnits(small[0][1]).note}`, 2, height - 10);
  }
  context.lineWidth = 1;
  context.strokeStyle = look.muted;
  context.beginPath();
  context.moveTo(X(u, v), Y(u, v, base));
  context.lineTo(X(u, v), Y(u, v, RELIEF_HEIGHT));
  for (const level of shown) {
    context.moveTo(X(u, v) - 4, Y(u, v, heightOf(level)));
    context.lineTo(X(u, v), Y(u, v, heightOf(level)));
  }
  context.stroke();
}
