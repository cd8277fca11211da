// The generalization gap against a measure of volume: a point for each minimum.

/** The three measures of the x axis: what they are called, and what a record says of a minimum. */
const VOLUME_MEASURES = {
  local: {
    name: 'Local volume at σ',
    axis: ({ sigma }) => `log₁₀ P at σ = ${basins.sigma(sigma)} (decades)`,
    hint: ({ set }) => `P is the chance that a random step of width σ from the minimum stays in its basin (${basins.region(set.records[0])}). Every minimum is measured with the same σ.`,
    records: view => view.set?.records ?? [],
    read(record, { sigma }) {
      const point = basins.at(record, sigma);
      const [low, high] = (point?.interval ?? []).map(basins.decades);
      const flaw = basins.flaw(point);
      return { x: Number.isFinite(point?.ln_p) ? basins.decades(point.ln_p) : null, low, high, flaw, doubt: basins.doubts(point) };
    },
    text: ({ x, low, high }) => `log₁₀ P ${basins.log(x)}${low === undefined ? '' : ` (95\u202f% interval ${basins.log(low)} to ${basins.log(high)})`}`,
  },
  paper: {
    name: 'Paper mode',
    axis: () => 'log₁₀ V from rays (decades)',
    hint({ rays }) {
      const [low, high] = d3.extent(rays.records, record => record.ess);
      const ess = say.fixed(low, 1) === say.fixed(high, 1) ? say.fixed(low, 1) : `${say.fixed(low, 1)} to ${say.fixed(high, 1)}`;
      return `The paper’s estimate, from the radii of ${say.fixed(rays.records[0].directions, 0)} random rays. Its effective sample size (ESS) is ${ess}: that many rays carry the number. An arrow marks a lower bound, which more rays would raise.`;
    },
    records: view => view.rays?.records ?? [],
    read: record => ({ x: record.log10_volume, bound: record.warning !== '', flaw: null, doubt: record.warning }),
    text: ({ x }) => `log₁₀ V ${say.fixed(x, 0)}`,
  },
  radius: {
    name: 'Median radius',
    log: true,
    axis: ({ rays }) => `median radius (${rays.records[0].normalization === 'none' ? 'units of the parameters' : 'relative to the weights'}, log scale)`,
    hint: () => 'Half of the rays leave the basin before this distance. Bars are 95\u202f% intervals. It is no volume, but it hardly moves when rays are added.',
    records: view => view.rays?.records ?? [],
    read: ({ radius_median: x, radius_median_ci: [low, high] }) => ({ x: x > 0 ? x : null, low, high, flaw: x > 0 ? null : 'missing', doubt: '' }),
    text: ({ x, low, high }) => `median radius ${say.significant(x, 3)} (95\u202f% interval ${say.significant(low, 3)} to ${say.significant(high, 3)})`,
  },
};

/** What the scatter shows of each minimum: {minimum, test_accuracy, gap, x, low, high, flaw, bound, doubt}. */
function volumeMarks(view) {
  const measure = VOLUME_MEASURES[view.measure];
  return measure.records(view).map(record => ({
    minimum: record.minimum,
    test_accuracy: record.test_accuracy,
    gap: 100 * record.generalization_gap,
    ...measure.read(record, view),
  }));
}

/** What is said of a mark. */
function volumeMarkText(mark, view) {
  const measured = mark.x === null ? '' : `, ${VOLUME_MEASURES[view.measure].text(mark)}`;
  return `${mark.minimum}: gap ${say.fixed(mark.gap, 1)} points${measured}${mark.doubt ? `. ${mark.doubt[0].toUpperCase()}${mark.doubt.slice(1)}` : ''}`.replace(/\.?$/, '.');
}

/** Ends of the x axis: for local volumes those of every σ, so that the axis stays while σ moves. */
function volumeExtent(view) {
  const measure = VOLUME_MEASURES[view.measure];
  const every = view.measure === 'local' ? view.set.sigmas.map(sigma => ({ ...view, sigma })) : [view];
  const values = every.flatMap(one => volumeMarks(one).flatMap(({ x, low, high }) => [x, low ?? x, high ?? x])).filter(Number.isFinite);
  const [least = -1, most = 0] = d3.extent(values);
  if (measure.log) return least < most ? [least / 1.25, most * 1.25] : [least / 2, most * 2];
  const top = view.measure === 'local' ? Math.max(most, 0) : most;
  const room = Math.max((top - least) * 0.06, 0.5);
  return [least - room, top + room];
}

/** The scatter in `host`; returns {redraw, paint}. */
function volumeScatter(host, view) {
  const RAIL = 30;
  let before = new Map();
  let measured = null;
  let labels = [];

  const draw = frame => {
    const { svg, width, left, right, top, bottom } = frame;
    const measure = VOLUME_MEASURES[view.measure];
    const marks = volumeMarks(view);
    const railed = marks.some(mark => mark.x === null);
    const start = left + (railed ? RAIL : 0);
    const extent = volumeExtent(view);
    const x = (measure.log ? d3.scaleLog() : d3.scaleLinear()).domain(extent).range([start, right]);
    const gaps = [...marks.map(mark => mark.gap), 0];
    const y = d3.scaleLinear().domain([Math.min(...gaps), Math.max(...gaps, 1)]).range([bottom, top]);
    y.domain([y.domain()[0] - 0.05 * (y.domain()[1] - y.domain()[0]), y.domain()[1] * 1.05]);
    const many = Math.max(3, Math.floor((right - start) / 70));
    axes(frame, {
      x: {
        scale: x, label: measure.axis(view), ticks: many,
        values: measure.log ? logTicks(extent, many) : x.ticks(many).filter(tick => view.measure !== 'local' || tick <= 0),
        format: measure.log ? tick => basins.sigma(tick) : tick => say.fixed(tick, Math.abs(extent[1] - extent[0]) < 3 ? 1 : 0),
      },
      y: { scale: y, label: 'generalization gap (percentage points)' },
    });
    const aside = (text, at, anchor) => svg.append('text').attr('class', 'aside').attr('x', at).attr('y', top - 5)
      .attr('text-anchor', anchor).attr('aria-hidden', 'true').text(text);
    aside('← smaller basin', left, 'start');
    aside('larger basin →', right, 'end');
    if (railed) {
      svg.append('line').attr('class', 'rail').attr('x1', start).attr('x2', start).attr('y1', top).attr('y2', bottom);
      svg.append('text').attr('class', 'aside').attr('transform', `translate(${left + 11},${top + 6}) rotate(-90)`)
        .attr('text-anchor', 'end').attr('aria-hidden', 'true').text('no number');
    }

    const place = mark => [mark.x === null ? left + RAIL / 2 + 5 : x(mark.x), y(mark.gap)];
    const nodes = svg.append('g').selectAll('g').data(marks).join('g').attr('class', 'volume-mark');
    nodes.attr('transform', mark => `translate(${place(mark)})`);
    const spread = nodes.filter(mark => mark.x !== null && mark.low !== undefined);
    spread.append('line').attr('class', 'spread')
      .attr('x1', mark => x(Math.min(mark.low, mark.x)) - x(mark.x)).attr('x2', mark => x(Math.max(mark.high, mark.x)) - x(mark.x))
      .attr('stroke', mark => look.minimum(mark.test_accuracy));
    nodes.filter(mark => mark.bound).append('path').attr('class', 'bound').attr('d', 'M0,0H17M13,-3.5L17,0L13,3.5')
      .attr('stroke', mark => look.minimum(mark.test_accuracy));
    nodes.append('circle').attr('class', 'hit').attr('r', 13);
    nodes.append('path').attr('class', 'sign').call(volumeSign, mark => mark.flaw, mark => mark.test_accuracy, 110, 90);
    reachable(nodes, { name: mark => mark.minimum, text: mark => volumeMarkText(mark, view), station: 'volume' });

    // Names stand beside their points, clear of the bars.
    labels = marks.map(mark => {
      const [px, py] = place(mark);
      const ends = mark.x === null || mark.low === undefined ? [px, px + (mark.bound ? 17 : 0)] : [Math.min(x(mark.low), px), Math.max(x(mark.high), px)];
      const room = [ends[0] - 10 - left, width - 4 - ends[1] - 10];
      const leftwards = room[1] < 6.6 * Math.min(mark.minimum.length, 22) && room[0] > room[1];
      const text = volumeName(mark.minimum, Math.min(22, Math.floor(room[leftwards ? 0 : 1] / 6.6)));
      const reach = 6.6 * text.length;
      const from = leftwards ? ends[0] - 10 - reach : ends[1] + 10;
      const node = svg.append('text').attr('class', 'volume-name').attr('paint-order', 'stroke').attr('aria-hidden', 'true')
        .attr('x', leftwards ? from + reach : from).attr('y', py + 4).attr('text-anchor', leftwards ? 'end' : 'start')
        .attr('fill', volumeInk(mark.minimum)).text(text);
      return { name: mark.minimum, node, box: [from, py - 8, from + reach, py + 8], dot: [px, py] };
    });

    // Points slide to where the new σ puts them.
    if (measured === view.measure && !look.calm) {
      nodes.filter(mark => before.has(mark.minimum))
        .attr('transform', mark => `translate(${before.get(mark.minimum).map((at, i) => at * [width, 1][i])})`)
        .transition().duration(220).attr('transform', mark => `translate(${place(mark)})`);
    }
    measured = view.measure;
    before = new Map(marks.map(mark => [mark.minimum, [place(mark)[0] / width, place(mark)[1]]]));
    paint();
  };

  const paint = () => {
    volumePaint(host, view);
    // As many names as fit, the lit one and the pair of the story before the others.
    const first = [view.lit, run.pair?.bad, run.pair?.good];
    const rank = label => (first.includes(label.name) ? first.indexOf(label.name) : first.length);
    const taken = [];
    const clear = ({ name, box }) => taken.every(other => other[0] > box[2] || box[0] > other[2] || other[1] > box[3] || box[1] > other[3])
      && (name === view.lit || labels.every(({ name: other, dot: [dx, dy] }) => other === name || dx < box[0] - 5 || dx > box[2] + 5 || dy < box[1] - 5 || dy > box[3] + 5));
    for (const label of [...labels].sort((a, b) => rank(a) - rank(b))) {
      const free = clear(label);
      if (free) taken.push(label.box);
      label.node.attr('visibility', free ? 'visible' : 'hidden').classed('lit', label.name === view.lit);
    }
  };

  const made = chart(host, { label: 'Generalization gap against volume, a point for each minimum', aspect: 1, tallest: 560, margin: { left: 56, right: 18, top: 24, bottom: 48 } }, draw);
  return { ...made, paint };
}

/** A name that fits. */
const volumeName = (name, longest) => (name.length > longest ? `${name.slice(0, longest - 1)}…` : name);

/** The ink a minimum's name is written in: that of good or bad where it is one of the story. */
const volumeInk = name => (name === run.pair?.good ? look.good : name === run.pair?.bad ? look.bad : look.ink);

/** Signs of points: a disc; hollow where not local, a hollow triangle where it reads low, a cross without a number. */
function volumeSign(paths, flaw, accuracy, size, turn = 0) {
  const shape = { unconverged: d3.symbolTriangle, refused: d3.symbolTimes, missing: d3.symbolTimes };
  paths.attr('d', d => d3.symbol(shape[flaw(d)] ?? d3.symbolCircle, size)())
    .attr('transform', d => (flaw(d) === 'unconverged' ? `rotate(${turn})` : null))
    .attr('fill', d => (flaw(d) ? look.paper : look.minimum(accuracy(d))))
    .attr('stroke', d => (flaw(d) ? look.minimum(accuracy(d)) : look.paper))
    .attr('stroke-width', d => (flaw(d) ? 2 : 1));
}

/** Lights the marks of the lit minimum among those of `host`, and says which is pinned. */
function volumePaint(host, view) {
  host.querySelectorAll('[data-minimum]').forEach(node => {
    const { minimum } = node.dataset;
    node.classList.toggle('lit', minimum === view.lit);
    node.classList.toggle('faded', view.lit !== null && minimum !== view.lit);
    node.setAttribute('aria-pressed', String(spotlight.pinned === minimum));
  });
}
