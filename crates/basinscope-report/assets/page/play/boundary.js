// The decision boundary of a net over the plane, drawn on a canvas as fast as the screen asks.

/** Logits beyond this are certain. */
const CERTAIN = 6;
const SHADES = 256;

/** Nodes along a side while something moves, and when it has come to rest. */
const NODES = run.fast ? { moving: 101, still: 257 } : { moving: 41, still: 101 };

/** Colours that change with light and dark only. */
let shades = null;
look.on(() => { shades = null; });

class BoundaryView {
  #clouds = new Map();
  #points;

  /** Draws nets of `family` on `canvas`; `label` says of which net, for a screen reader. */
  constructor(canvas, family, label) {
    this.canvas = canvas;
    this.family = family;
    this.label = label;
    const { x, y } = family.window;
    this.aspect = (y[1] - y[0]) / (x[1] - x[0]);
    this.#points = family.train.labels.map((label, p) => ({
      label,
      x: (family.train.rows[2 * p] - x[0]) / (x[1] - x[0]),
      y: (y[1] - family.train.rows[2 * p + 1]) / (y[1] - y[0]),
    }));
    look.on(() => this.theta && this.draw(this.theta));
    new ResizeObserver(() => this.theta && this.draw(this.theta)).observe(canvas);
  }

  /** What a screen reader says; the picture is hidden from it while there is nothing to say. */
  set label(text) {
    if (!text) {
      this.canvas.setAttribute('aria-hidden', 'true');
      return;
    }
    this.canvas.removeAttribute('aria-hidden');
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', text);
  }

  #cloud(nodes) {
    if (!this.#clouds.has(nodes)) {
      const { x, y } = this.family.window;
      const rows = new Float32Array(2 * nodes * nodes);
      for (let j = 0; j < nodes; j += 1) {
        for (let i = 0; i < nodes; i += 1) {
          rows[2 * (j * nodes + i)] = x[0] + ((x[1] - x[0]) * i) / (nodes - 1);
          rows[2 * (j * nodes + i) + 1] = y[0] + ((y[1] - y[0]) * j) / (nodes - 1);
        }
      }
      const cloud = new Cloud(rows, 2);
      this.#clouds.set(nodes, { cloud, logits: new Float32Array(cloud.count * this.family.net.outputs) });
    }
    return this.#clouds.get(nodes);
  }

  /** Draws the net at θ; returns its loss and accuracy on the train points. */
  draw(theta, { moving = false } = {}) {
    this.theta = theta;
    const width = this.canvas.clientWidth;
    const { net, train } = this.family;
    const found = net.logits(theta, train.cloud);
    const score = net.score(found, train.labels);
    if (width === 0) return score;
    const ratio = Math.min(devicePixelRatio, 2, 560 / width);
    const size = [Math.round(width * ratio), Math.round(width * ratio * this.aspect)];
    if (this.canvas.width !== size[0] || this.canvas.height !== size[1]) [this.canvas.width, this.canvas.height] = size;
    const nodes = moving ? NODES.moving : NODES.still;
    const { cloud, logits } = this.#cloud(nodes);
    net.logits(theta, cloud, logits);
    const context = this.canvas.getContext('2d', { willReadFrequently: false });
    const image = (this.image?.width === size[0] && this.image?.height === size[1])
      ? this.image : (this.image = context.createImageData(...size));
    if (net.outputs === 1) this.#two(image, logits, nodes);
    else this.#many(image, logits, nodes);
    context.putImageData(image, 0, 0);
    this.#dots(context, size, found, ratio);
    return score;
  }

  /** Two classes by one logit: a soft field, and a line where the logit is zero. */
  #two(image, logits, nodes) {
    const { width, height, data } = image;
    const pixels = new Uint32Array(data.buffer);
    shades ??= twoClassShades();
    const [r, g, b] = rgb(look.ink);
    const strength = (SHADES - 1) / (2 * CERTAIN);
    for (let row = 0; row < height; row += 1) {
      const v = ((height - 1 - row) / (height - 1)) * (nodes - 1);
      const j = Math.min(v | 0, nodes - 2);
      const t = v - j;
      for (let column = 0; column < width; column += 1) {
        const u = (column / (width - 1)) * (nodes - 1);
        const i = Math.min(u | 0, nodes - 2);
        const s = u - i;
        const at = j * nodes + i;
        const [a, c] = [logits[at], logits[at + nodes]];
        const lower = a + (logits[at + 1] - a) * s;
        const upper = c + (logits[at + nodes + 1] - c) * s;
        const z = lower + (upper - lower) * t;
        const shade = z <= -CERTAIN ? 0 : z >= CERTAIN ? SHADES - 1 : ((z + CERTAIN) * strength) | 0;
        let pixel = shades[shade];
        // How many pixels away the line is, by the slope of the logit here.
        const across = ((logits[at + 1] - a) * (1 - t) + (logits[at + nodes + 1] - c) * t) * (nodes - 1) / width;
        const along = (upper - lower) * (nodes - 1) / height;
        const reach = 1.6 * (Math.abs(across) + Math.abs(along));
        if (z < reach && z > -reach) {
          const distance = Math.abs(z) / Math.sqrt(across * across + along * along);
          const cover = Math.min(Math.max(1.5 - distance, 0), 1);
          if (cover > 0) {
            const [pr, pg, pb] = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
            pixel = (255 << 24) | ((pb + (b - pb) * cover) << 16) | ((pg + (g - pg) * cover) << 8) | (pr + (r - pr) * cover);
          }
        }
        pixels[row * width + column] = pixel;
      }
    }
  }

  /** Several classes: the winner's colour by its confidence, and a line where the winner changes. */
  #many(image, logits, nodes) {
    const { width, height, data } = image;
    const pixels = new Uint32Array(data.buffer);
    const classes = this.family.net.outputs;
    const LEVELS = 32;
    const strength = look.fieldStrength;
    const palette = Array.from({ length: classes }, (_, label) => {
      const mix = d3.interpolateRgb(look.paper, look.classColor(label));
      return Uint32Array.from({ length: LEVELS }, (_, level) => pack(rgb(mix((strength * (level + 1)) / LEVELS))));
    });
    const line = pack(rgb(look.ink));
    const winners = new Uint8Array(width * height);
    const z = new Float32Array(classes);
    for (let row = 0; row < height; row += 1) {
      const v = ((height - 1 - row) / (height - 1)) * (nodes - 1);
      const j = Math.min(v | 0, nodes - 2);
      const t = v - j;
      for (let column = 0; column < width; column += 1) {
        const u = (column / (width - 1)) * (nodes - 1);
        const i = Math.min(u | 0, nodes - 2);
        const s = u - i;
        let best = 0;
        for (let k = 0; k < classes; k += 1) {
          const at = (j * nodes + i) * classes + k;
          const up = at + nodes * classes;
          const lower = logits[at] + (logits[at + classes] - logits[at]) * s;
          const upper = logits[up] + (logits[up + classes] - logits[up]) * s;
          z[k] = lower + (upper - lower) * t;
          if (z[k] > z[best]) best = k;
        }
        let sum = 0;
        for (let k = 0; k < classes; k += 1) sum += Math.exp(z[k] - z[best]);
        const share = (1 / sum - 1 / classes) / (1 - 1 / classes);
        const at = row * width + column;
        winners[at] = best;
        const edge = (column > 0 && winners[at - 1] !== best) || (row > 0 && winners[at - width] !== best);
        pixels[at] = edge ? line : palette[best][Math.min((share * LEVELS) | 0, LEVELS - 1)];
      }
    }
  }

  /** The training points: dots where the net is right, crosses where it is wrong. */
  #dots(context, [width, height], found, ratio) {
    const { net } = this.family;
    const radius = Math.max(2.2, width / ratio / 120) * ratio;
    const paper = look.paper;
    const wrong = [];
    const right = Array.from({ length: this.family.classes }, () => []);
    this.#points.forEach((point, p) => {
      const hit = (net.outputs === 1 ? Number(found[p] > 0) : net.decide(found, p).class) === point.label;
      (hit ? right[point.label] : wrong).push(point);
    });
    // Each with its halo before the next, so that dots that overlap stay apart.
    right.forEach((points, label) => {
      const color = look.classColor(label);
      for (const { x, y } of points) {
        for (const [style, size] of [[paper, 1.3 * radius], [color, radius]]) {
          context.fillStyle = style;
          context.beginPath();
          context.arc(x * width, y * height, size, 0, 2 * Math.PI);
          context.fill();
        }
      }
    });
    const arm = 1.3 * radius;
    for (const [style, line] of [[paper, 1.9 * radius], [null, 0.9 * radius]]) {
      context.lineWidth = line;
      for (const { x, y, label } of wrong) {
        context.strokeStyle = style ?? look.classColor(label);
        context.beginPath();
        context.moveTo(x * width - arm, y * height - arm);
        context.lineTo(x * width + arm, y * height + arm);
        context.moveTo(x * width - arm, y * height + arm);
        context.lineTo(x * width + arm, y * height - arm);
        context.stroke();
      }
    }
  }
}

function rgb(color) {
  const { r, g, b } = d3.rgb(color);
  return [Math.round(r), Math.round(g), Math.round(b)];
}

/** A pixel as little-endian RGBA. */
const pack = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** Colours of the logits from certainly class 0 to certainly class 1, as pixels. */
function twoClassShades() {
  const mixes = [0, 1].map(label => d3.interpolateRgb(look.paper, look.classColor(label)));
  const strength = look.fieldStrength;
  return Uint32Array.from({ length: SHADES }, (_, shade) => {
    const z = (2 * CERTAIN * (shade + 0.5)) / SHADES - CERTAIN;
    const side = 2 / (1 + Math.exp(-z)) - 1;
    return pack(rgb(mixes[side > 0 ? 1 : 0](strength * Math.abs(side))));
  });
}
