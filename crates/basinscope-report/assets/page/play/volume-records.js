// The volumes of a run in sets that may be compared, and what is said of each number.

/** What a point of a curve is worth: how it is drawn, and why it is not to be taken at its word. */
const VOLUME_FLAWS = {
  missing: 'no estimate at this σ',
  refused: 'refused: the replicates disagree, so there is no number',
  'non-local': 'not local: its samples have left the surroundings, so more than this basin is measured',
  unconverged: 'not converged: more effort still moved it, so it reads low',
};

const basins = (() => {
  const METHODS = { subsim: 'subset simulation', lta: 'local tempered annealing', radial: 'rays' };
  const REFERENCE = 'lta';
  const same = (a, b) => Math.abs(a - b) <= 1e-6 * Math.abs(b);

  const self = {
    same,
    method: name => METHODS[name] ?? name,
    /** σ as it is written: three digits, without closing zeros. */
    sigma: sigma => say.significant(sigma, 3).replace(/(\.\d*?)0+(?=\D|$)/, '$1').replace(/\.(?=\D|$)/, ''),
    /** A logarithm: two decimals where it is small, one else. */
    log: x => (Number.isFinite(x) ? say.fixed(x, Math.abs(x) < 10 ? 2 : 1) : '–'),
    decades: nats => nats / Math.LN10,

    /** What the basin of a local record is, as a clause. */
    region: ({ region, cutoff }) => ({
      accuracy: `at least ${say.percent(cutoff)} of the training points right`,
      excess: `mean training loss at most ${say.significant(cutoff, 2)} nats above the minimum’s own`,
      predictions: `predictions within ${say.significant(cutoff, 2)} of the minimum’s`,
    })[region] ?? `mean training loss at most ${say.significant(cutoff, 2)} nats`,

    /** The point of a record at σ. */
    at: (record, sigma) => record?.curve.find(point => same(point.sigma, sigma)),

    /** Which of VOLUME_FLAWS a point has, or null. */
    flaw(point) {
      if (!point) return 'missing';
      if (point.ln_p === null) return 'refused';
      if (!point.converged) return 'unconverged';
      return point.local ? null : 'non-local';
    },

    /** Every flaw of a point, in words. */
    doubts(point) {
      const first = self.flaw(point);
      const both = first === 'unconverged' && !point.local ? [first, 'non-local'] : [first];
      return both.filter(Boolean).map(flaw => VOLUME_FLAWS[flaw]).join('; ');
    },

    /** Local volumes of one method in one kind of basin, the set to begin with first. */
    localSets() {
      const sets = group(run.local ?? [], record => `${record.method}-${record.region}-${record.cutoff}`,
        record => `${self.method(record.method)}; ${self.region(record)}`);
      for (const set of sets) {
        const grids = set.records.map(record => record.curve.map(point => point.sigma));
        const all = [...new Set(grids.flat())].sort(d3.ascending).filter((sigma, i, list) => !i || !same(sigma, list[i - 1]));
        const shared = all.filter(sigma => grids.every(grid => grid.some(other => same(other, sigma))));
        set.sigmas = shared.length ? shared : all;
        set.sigma = set.sigmas.findLast(sigma => set.records.every(record => !self.flaw(self.at(record, sigma))))
          ?? set.sigmas.findLast(sigma => pairOf(set).every(record => !self.flaw(self.at(record, sigma)))) ?? set.sigmas.at(-1);
      }
      const rank = ({ records: [{ method, region }, ...rest] }) => 4 * rest.length + 2 * (region === 'loss') + (method !== REFERENCE);
      return sets.sort((a, b) => rank(b) - rank(a));
    },

    /** Volumes by rays with one normalization and cutoff, the set to begin with first. */
    raySets() {
      const sets = group(run.volumes ?? [], record => `${record.normalization}-${record.region}-${record.cutoff}`, ({ normalization, region, cutoff }) =>
        `${normalization === 'none' ? 'equal steps in every direction' : `${normalization}-normalised directions`}; loss at most ${say.significant(cutoff, 2)} nats${region === 'excess' ? ' above the minimum’s own' : ''}`);
      const rank = ({ records: [{ normalization, region }, ...rest] }) => 4 * rest.length + 2 * (region === 'loss') + (normalization === 'none');
      return sets.sort((a, b) => rank(b) - rank(a));
    },

    /** Records of another method for the same minimum and basin. */
    checks: record => (run.local ?? []).filter(other => other.minimum === record.minimum && other.method !== record.method
      && other.region === record.region && other.cutoff === record.cutoff),

    /** A minimum's record in a set. */
    of: (set, name) => set?.records.find(record => record.minimum === name),
    /** Good and bad of the story where the set has both, else nothing. */
    pair: set => pairOf(set),

    /**
     * Spearman's rank correlation of [x, y] pairs, ties sharing their mean rank; null for fewer
     * than three or where a side does not vary.
     */
    rankCorrelation(pairs) {
      if (pairs.length < 3) return null;
      const ranks = values => values.map(value => d3.sum(values, other => (other < value) + (other === value) / 2) - 0.5);
      const [x, y] = [0, 1].map(side => ranks(pairs.map(pair => pair[side])));
      const middle = (pairs.length - 1) / 2;
      const product = (a, b) => d3.sum(a, (rank, i) => (rank - middle) * (b[i] - middle));
      const scale = Math.sqrt(product(x, x) * product(y, y));
      return scale > 0 ? product(x, y) / scale : null;
    },
  };

  function pairOf(set) {
    const both = run.pair ? [run.pair.good, run.pair.bad].map(name => self.of(set, name)) : [];
    return both.every(Boolean) ? both : [];
  }

  /** Records by key, best test accuracy first; one for each minimum. */
  function group(records, key, name) {
    const sets = d3.groups(records, key).map(([key, records]) => ({
      key,
      name: name(records[0]),
      records: [...new Map(records.map(record => [record.minimum, record])).values()]
        .sort((a, b) => b.test_accuracy - a.test_accuracy),
    }));
    return sets;
  }
  return self;
})();

/** Ticks 1, 2, 5 of a logarithmic axis; others where those are too few, and not more than `most`. */
function logTicks([low, high], most = 6) {
  const decades = d3.range(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)) + 1);
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = decades.flatMap(decade => steps.map(step => Number(`${step}e${decade}`))).filter(tick => tick >= low && tick <= high);
    if (ticks.length <= most) return ticks.length > 1 ? ticks : d3.ticks(low, high, 4).filter(tick => tick > 0);
  }
  const whole = decades.filter(decade => 10 ** decade >= low && 10 ** decade <= high);
  return whole.filter((_, i) => i % Math.ceil(whole.length / most) === 0).map(decade => Number(`1e${decade}`));
}
