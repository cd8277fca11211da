// The nets of this page at any weights: logits of a perceptron at many points.
//
// The work is done by kernel.wat in WebAssembly, or by the same loop in JavaScript where a browser
// has no SIMD. Weights are those of the library: for each layer W [out, in] row-major, then b [out].

/** Points that go through all layers together, so that their activations stay in the cache. */
const CHUNK = 512;

const roundUp = (count, multiple) => Math.ceil(count / multiple) * multiple;

/** The kernel as an object {memory, layer}; `fast` tells whether it is WebAssembly. */
function loadKernel(base64) {
  try {
    const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    const { memory, layer } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    return { memory, layer, fast: true };
  } catch {
    return plainKernel();
  }
}

/** The same in JavaScript. */
function plainKernel() {
  let buffer = new ArrayBuffer(65536);
  const memory = {
    get buffer() { return buffer; },
    grow(pages) {
      const larger = new ArrayBuffer(buffer.byteLength + 65536 * pages);
      new Uint8Array(larger).set(new Uint8Array(buffer));
      buffer = larger;
    },
  };
  function layer(x, w, b, y, inputs, outputs, points, slope) {
    const f = new Float32Array(buffer);
    [x, w, b, y] = [x >> 2, w >> 2, b >> 2, y >> 2];
    const sums = new Float32Array(points);
    for (let unit = 0; unit < outputs; unit += 1) {
      sums.fill(f[b + unit]);
      for (let i = 0; i < inputs; i += 1) {
        const weight = f[w + unit * inputs + i];
        const row = x + i * points;
        for (let p = 0; p < points; p += 1) sums[p] += weight * f[row + p];
      }
      const out = y + unit * points;
      for (let p = 0; p < points; p += 1) f[out + p] = sums[p] > 0 ? sums[p] : slope * sums[p];
    }
  }
  return { memory, layer, fast: false };
}

/** Points laid out for the kernel, from rows [count, features]. */
class Cloud {
  constructor(rows, features) {
    this.features = features;
    this.count = rows.length / features;
    this.chunks = [];
    for (let first = 0; first < this.count; first += CHUNK) {
      const count = Math.min(CHUNK, this.count - first);
      const points = roundUp(count, 8);
      const columns = new Float32Array(features * points);
      for (let p = 0; p < count; p += 1) {
        for (let i = 0; i < features; i += 1) columns[i * points + p] = rows[(first + p) * features + i];
      }
      this.chunks.push({ first, count, points, columns });
    }
  }
}

/** A perceptron without its weights. */
class Net {
  constructor(kernel, { widths, activation }) {
    this.kernel = kernel;
    this.widths = widths;
    this.tanh = activation === 'tanh';
    this.slope = this.tanh ? 1 : (activation['leaky-relu']?.slope ?? 0);
    this.outputs = widths[widths.length - 1];
    this.layers = [];
    let theta = 0;
    let address = 0;
    for (let l = 0; l + 1 < widths.length; l += 1) {
      const [inputs, outputs] = [widths[l], widths[l + 1]];
      const padded = roundUp(outputs, 4);
      const weights = address;
      const biases = weights + 4 * inputs * padded;
      address = biases + 4 * padded;
      this.layers.push({ inputs, outputs, padded, weights, biases, theta });
      theta += (inputs + 1) * outputs;
    }
    this.parameters = theta;
    const widest = Math.max(...widths.map(width => roundUp(width, 4)));
    this.near = roundUp(address, 16);
    this.far = this.near + 4 * CHUNK * widest;
    this.bytes = this.far + 4 * CHUNK * widest;
  }

  /** The weights into one unit each: [start, end) within θ. Biases belong to none. */
  filters() {
    return this.layers.flatMap(({ inputs, outputs, theta }) =>
      Array.from({ length: outputs }, (_, unit) => [theta + unit * inputs, theta + (unit + 1) * inputs]));
  }

  #load(theta) {
    const { memory } = this.kernel;
    const missing = this.bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    const f = new Float32Array(memory.buffer);
    for (const { inputs, outputs, padded, weights, biases, theta: start } of this.layers) {
      const split = start + inputs * outputs;
      f.set(theta.subarray(start, split), weights >> 2);
      f.fill(0, (weights >> 2) + inputs * outputs, biases >> 2);
      f.set(theta.subarray(split, split + outputs), biases >> 2);
      f.fill(0, (biases >> 2) + outputs, (biases >> 2) + padded);
    }
    return f;
  }

  /** Logits [count, outputs] at the points of a cloud. */
  logits(theta, cloud, out = new Float32Array(cloud.count * this.outputs)) {
    const f = this.#load(theta);
    const { layer } = this.kernel;
    const last = this.layers.length - 1;
    for (const { first, count, points, columns } of cloud.chunks) {
      let [from, to] = [this.near, this.far];
      f.set(columns, from >> 2);
      this.layers.forEach(({ inputs, padded, weights, biases }, l) => {
        layer(from, weights, biases, to, inputs, padded, points, l === last ? 1 : this.slope);
        if (this.tanh && l < last) {
          const end = (to >> 2) + padded * points;
          for (let i = to >> 2; i < end; i += 1) f[i] = Math.tanh(f[i]);
        }
        [from, to] = [to, from];
      });
      for (let k = 0; k < this.outputs; k += 1) {
        const row = (from >> 2) + k * points;
        for (let p = 0; p < count; p += 1) out[(first + p) * this.outputs + k] = f[row + p];
      }
    }
    return out;
  }

  /** Class and, for two classes, the probability of class 1; else that of the class. */
  decide(logits, p) {
    if (this.outputs === 1) {
      return { class: logits[p] > 0 ? 1 : 0, probability: 1 / (1 + Math.exp(-logits[p])) };
    }
    const row = logits.subarray(p * this.outputs, (p + 1) * this.outputs);
    let best = 0;
    for (let k = 1; k < row.length; k += 1) if (row[k] > row[best]) best = k;
    let sum = 0;
    for (const z of row) sum += Math.exp(z - row[best]);
    if (this.outputs === 2) return { class: best, probability: best === 1 ? 1 / sum : 1 - 1 / sum };
    return { class: best, probability: 1 / sum };
  }

  /** Mean cross-entropy in nats and accuracy of logits, against labels. */
  score(logits, labels) {
    let loss = 0;
    let right = 0;
    for (let p = 0; p < labels.length; p += 1) {
      if (this.outputs === 1) {
        const z = labels[p] ? -logits[p] : logits[p];
        loss += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
        right += (logits[p] > 0) === (labels[p] === 1);
        continue;
      }
      const row = logits.subarray(p * this.outputs, (p + 1) * this.outputs);
      const top = Math.max(...row);
      let sum = 0;
      for (const z of row) sum += Math.exp(z - top);
      loss += top + Math.log(sum) - row[labels[p]];
      right += this.decide(logits, p).class === labels[p];
    }
    return { loss: loss / labels.length, accuracy: right / labels.length };
  }
}

/** θ + Σ steps[i]·directions[i], in single precision as the library moves it. */
function moved(theta, steps, directions, out = new Float32Array(theta.length)) {
  for (let j = 0; j < theta.length; j += 1) {
    let sum = theta[j];
    for (let i = 0; i < steps.length; i += 1) sum += steps[i] * directions[i][j];
    out[j] = sum;
  }
  return out;
}
