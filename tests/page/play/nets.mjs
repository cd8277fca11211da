// The nets of the page against the library: every shipped one, on all points and on the boundary's grid.
import { readNpz } from '../npz.mjs';

/** The page agrees with the library to this much, relative where a number is larger than 1. */
const TOLERANCE = 1e-4;
/** Rounding of a logit, relative to the largest of its net: sums in two orders, of terms that cancel in part. */
const ROUNDING = 3e-6;

export async function nets(page, { run, check }) {
  const found = await page.evaluate(() => {
    const { run } = globalThis.basinscope;
    return [...run.families].flatMap(([family, { nets }]) => [...nets.keys()].map(name => {
      const here = run.families.get(family);
      const [train, test] = ['train', 'test'].map(part => here.score(here.theta(name), part));
      return { family, name, train_loss: train.loss, train_accuracy: train.accuracy, test_loss: test.loss, test_accuracy: test.accuracy };
    }));
  });
  const records = { run: run.has('results/minima.json') ? run.read('results/minima.json') : [], minefield: [] };
  if (run.has('results/minefield.json')) {
    const folder = run.has('minefield/results/minima.json') ? 'minefield/' : '';
    records.minefield = run.read(`${folder}results/minima.json`)
      .concat(run.read('results/minefield.json').iterates.map(record => ({ ...record, name: `epoch-${record.epoch}` })));
  }
  const problems = [];
  for (const net of found) {
    const record = records[net.family].find(record => record.name === net.name);
    if (!record) { problems.push(`${net.name}: no such record`); continue; }
    for (const field of ['train_loss', 'train_accuracy', 'test_loss', 'test_accuracy']) {
      if (record[field] === undefined) continue;
      const off = Math.abs(net[field] - record[field]) / Math.max(1, Math.abs(record[field]));
      if (!(off <= TOLERANCE)) problems.push(`${net.name} ${field}: page ${net[field]}, record ${record[field]}`);
    }
  }
  check(`nets: ${found.length} in the page score as recorded`, found.length ? problems : ['there are none']);

  // The boundary's grid: 40,401 points of each minimum.
  if (!run.has('results/boundaries.json')) return;
  const boundaries = run.read('results/boundaries.json');
  const worst = [];
  for (const { minimum, x, y } of boundaries) {
    if (!found.some(net => net.family === 'run' && net.name === minimum)) continue;
    const { class: winners, probability } = readNpz(run.path(`results/boundary-${minimum}.npz`));
    const { nodes, largest } = await page.evaluate(({ minimum, x, y }) => {
      const { run, Cloud } = globalThis.basinscope;
      const family = run.families.get('run');
      const at = ({ from, to, count }, i) => from + ((to - from) * i) / (count - 1);
      const rows = new Float32Array(2 * x.count * y.count);
      for (let j = 0; j < y.count; j += 1) {
        for (let i = 0; i < x.count; i += 1) rows.set([at(x, i), at(y, j)], 2 * (j * x.count + i));
      }
      const logits = family.net.logits(family.theta(minimum), new Cloud(rows, 2));
      return {
        nodes: Array.from({ length: x.count * y.count }, (_, p) => family.net.decide(logits, p)),
        largest: logits.reduce((top, z) => Math.max(top, Math.abs(z)), 0),
      };
    }, { minimum, x, y });
    // A logit's rounding moves the probability by a quarter of it at most.
    const allowed = Math.max(TOLERANCE, 0.25 * ROUNDING * largest);
    nodes.forEach(({ class: winner, probability: p }, node) => {
      const off = Math.abs(p - probability.values[node]);
      const clear = Math.abs(probability.values[node] - 0.5) > allowed;
      if (!(off <= allowed) || (clear && winner !== winners.values[node])) {
        worst.push(`${minimum} (largest logit ${largest.toFixed(0)}) node ${node}: page ${winner} ${p}, record ${winners.values[node]} ${probability.values[node]}`);
      }
    });
  }
  check('nets: class and probability on the boundaries’ grids', worst);
}
