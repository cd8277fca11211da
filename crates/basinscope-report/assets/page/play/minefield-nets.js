// The nets of a minefield: what each is called, how it is drawn, and what is recorded of it.

/** The reds of a run by the share of it that is done, the blues of bad minima by test accuracy. */
const minefieldInk = {
  red: share => look.data(d3.interpolateRgb('#f9c2b3', '#9a1212')(share)),
  blue: accuracy => look.data(d3.interpolateRgb('#8cc9f0', '#08306b')(Math.min(accuracy / minefieldInk.bluest, 1))),
  /** Test accuracy at which the blue is darkest. */
  bluest: 0.6,
  star: '#ff9e1b',
};

/** Paths of the marks around (0, 0). */
const minefieldShapes = {
  iterate: d3.symbol(d3.symbolCircle, 52)(),
  last: d3.symbol(d3.symbolStar, 190)(),
  fixed: d3.symbol(d3.symbolCircle, 92)(),
  redrawn: d3.symbol(d3.symbolDiamond2, 118)(),
};

const minefieldKinds = {
  iterate: 'iterate of the good run',
  last: 'last iterate of the good run',
  fixed: 'bad minimum, fixed poison',
  redrawn: 'bad minimum, redrawn poison',
};

/** Every net of the record as {name, kind, index, record}: the iterates first, as in the embeddings. */
function minefieldNets({ iterates, bad }) {
  const last = iterates.length - 1;
  return [
    ...iterates.map((record, index) => ({ name: `epoch-${record.epoch}`, kind: index === last ? 'last' : 'iterate', index, record })),
    ...bad.map((record, index) => ({ name: record.name, kind: record.redrawn ? 'redrawn' : 'fixed', index: iterates.length + index, record })),
  ];
}

const isBadNet = net => net.kind === 'fixed' || net.kind === 'redrawn';

/** What a net is called in a sentence. */
const minefieldTitle = net => (isBadNet(net) ? net.name : `epoch ${net.record.epoch}`);

/** Fill of a mark; `end` is the run's last epoch. */
function minefieldFill(net, end) {
  if (net.kind === 'last') return minefieldInk.star;
  return isBadNet(net) ? minefieldInk.blue(net.record.test_accuracy) : minefieldInk.red(net.record.epoch / end);
}

/** One line on a net, for tooltips, labels and the status line. */
function minefieldLine(net) {
  const { record } = net;
  const fits = `train accuracy ${say.percent(record.train_accuracy)}, test accuracy ${say.percent(record.test_accuracy)}`;
  const way = isBadNet(net) ? `; reached from epoch ${record.epoch}, ${inNorms(record.travelled)} away` : '';
  return `${minefieldTitle(net)}, ${minefieldKinds[net.kind]}: ${fits}${way}`;
}

/** A distance in units of the norm of the iterate's weights. */
const inNorms = distance => `${say.significant(distance.relative)} norms`;

/** What is recorded of a net as entries of `controls.facts`, each number marked with its field. */
function minefieldFacts(net, trainLoss) {
  const { record } = net;
  const number = (field, text, after = '') => element('span', {}, element('span', { 'data-field': field }, text), after);
  const distance = field => number(`${field}.relative`, say.significant(record[field].relative), ' norms');
  const entries = [];
  if (trainLoss !== undefined) entries.push(['train loss', number('train_loss', say.significant(trainLoss), ' nats')]);
  entries.push(['train accuracy', number('train_accuracy', say.percent(record.train_accuracy))]);
  entries.push(['test accuracy', number('test_accuracy', say.percent(record.test_accuracy))]);
  if (isBadNet(net)) {
    entries.push(['reached from', element('span', {}, 'epoch ', element('span', { 'data-field': 'epoch' }, String(record.epoch)))]);
    entries.push(['way from there', distance('travelled')]);
  } else {
    if (record.nearest_fixed) entries.push(['nearest fixed poison', distance('nearest_fixed')]);
    if (record.nearest_redrawn) entries.push(['nearest redrawn poison', distance('nearest_redrawn')]);
    entries.push(['run’s own end', distance('to_last')]);
  }
  return [...entries, ...(record.basin ? basinFacts(record.basin, number) : [])];
}

/** How large a basin is: the rays first, then the local volume where it was measured. */
function basinFacts({ radius_median, radius_median_ci, log10_volume, local }, number) {
  const ends = (field, [low, high], text) => element('small', { 'data-field': field }, `${text(low)} to ${text(high)}`);
  const entries = [
    ['basin: median radius', element('span', {}, number('basin.radius_median', say.significant(radius_median)), ' ',
      ends('basin.radius_median_ci', radius_median_ci, say.significant))],
    ['log₁₀ volume, by rays', number('basin.log10_volume', say.fixed(log10_volume, 0))],
  ];
  if (!local) return entries;
  const one = x => say.fixed(x, 1);
  const value = local.ln_p === null ? '–' : one(local.ln_p);
  const interval = local.interval ? [' ', ends('basin.local.interval', local.interval, one)] : [];
  return [...entries, [element('span', {}, 'ln P at σ = ', element('span', { 'data-field': 'basin.local.sigma' }, say.significant(local.sigma, 2))),
    element('span', {}, number('basin.local.ln_p', value), ...interval)]];
}

/** The records' own warnings about a basin, as sentences. */
function basinWarnings({ basin }) {
  const said = (of, text) => (text ? [`${of}. ${text[0].toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`] : []);
  return basin ? [...said('log₁₀ volume', basin.warning), ...said('ln P', basin.local?.warning)] : [];
}
