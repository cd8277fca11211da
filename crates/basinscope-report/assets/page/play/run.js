// What this page holds of the run: records, points, and the weights of its nets.

const bytes = base64 => Uint8Array.from(atob(base64), c => c.charCodeAt(0));
const floats = base64 => new Float32Array(bytes(base64).buffer);

/** Nets of one architecture on the same points. */
class Family {
  #decoded = new Map();

  constructor(kernel, { net, classes, names, window, train, test, nets }) {
    this.net = new Net(kernel, net);
    this.classes = classes;
    /** What classes and features are called: {classes, features}, empty where the data has no names. */
    this.names = names;
    /** Where boundaries are drawn: {x: [from, to], y: [from, to]}; null where points are not in a plane. */
    this.window = window;
    const part = ({ inputs, labels }) => {
      const rows = floats(inputs);
      return { rows, labels, cloud: new Cloud(rows, net.widths[0]) };
    };
    this.train = part(train);
    this.test = part(test);
    /** What is recorded of each net, by name. */
    this.nets = new Map(nets.map(record => [record.name, record]));
  }

  has(name) { return this.nets.has(name); }

  /** θ of a net. */
  theta(name) {
    if (!this.#decoded.has(name)) this.#decoded.set(name, floats(this.nets.get(name).theta));
    return this.#decoded.get(name);
  }

  /** Mean loss (nats) and accuracy at θ on the train points, and with `test` on the test points. */
  score(theta, part = 'train') {
    const { cloud, labels } = this[part];
    return this.net.score(this.net.logits(theta, cloud), labels);
  }
}

const run = (() => {
  const read = id => document.getElementById(id)?.textContent;
  const record = JSON.parse(read('run-data'));
  const kernel = loadKernel(read('kernel'));
  const families = new Map(Object.entries(record.families).map(([name, family]) => [name, new Family(kernel, family)]));
  return { ...record, families, fast: kernel.fast };
})();
