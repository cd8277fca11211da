// What stands beside the map of a minefield: boundaries with their facts, the course of the run, keys.

/**
 * A net's boundary over what is recorded of it. Returns {box, show(net, {moving, title})};
 * `family` is null where the page holds no weights.
 */
function minefieldPanel(family) {
  const title = element('strong', { 'data-shot': true });
  const kind = element('span', { 'data-shot': true });
  const canvas = element('canvas');
  const facts = element('div');
  const warnings = element('div');
  const box = element('div', { class: 'net' }, element('p', { class: 'caption' }, title, kind), family ? canvas : null, facts, warnings);
  const view = family && new BoundaryView(canvas, family, 'Decision boundary');
  let drawn = '';
  let waiting = null;
  let visible = false;

  function draw(name, moving) {
    waiting = visible ? null : name;
    const want = `${name} ${moving ? 'moving' : 'still'}`;
    if (!visible || drawn === want || (moving && drawn === `${name} still`)) return;
    drawn = want;
    view.draw(family.theta(name), { moving });
  }

  // Boundaries are drawn only while one can see them.
  if (view) {
    new IntersectionObserver(([{ isIntersecting }]) => {
      visible = isIntersecting;
      if (visible && waiting) draw(waiting, false);
    }, { rootMargin: '400px' }).observe(canvas);
  }

  return {
    box,
    show(net, { moving, heading }) {
      const kept = family && minefieldKept(family, net);
      const elsewhere = kept && kept !== net.name;
      title.textContent = heading;
      kind.textContent = elsewhere ? `drawn: ${kept.replace('-', ' ')}, nearest kept` : minefieldKinds[net.kind];
      box.dataset.minimum = net.name;
      canvas.hidden = !kept;
      if (kept) {
        const of = elsewhere ? `${kept.replace('-', ' ')}, the nearest to ${minefieldTitle(net)} whose weights are in this page` : minefieldLine(net);
        if (canvas.ariaLabel !== `Decision boundary of ${of}`) view.label = `Decision boundary of ${of}`;
        draw(kept, moving);
      }
      facts.replaceChildren(controls.facts(minefieldFacts(net, net.record.train_loss ?? family?.nets.get(net.name)?.train_loss)));
      facts.querySelectorAll('dt, dd').forEach(part => part.setAttribute('data-shot', ''));
      warnings.replaceChildren(...basinWarnings(net.record).map(text => element('p', { class: 'hint' }, text)));
    },
  };
}

/** Name of the net of the page nearest to this one: itself, or an iterate of a near epoch; or null. */
function minefieldKept(family, net) {
  if (family.has(net.name)) return net.name;
  if (isBadNet(net)) return null;
  const epochs = [...family.nets.keys()].flatMap(name => (/^epoch-\d+$/.test(name) ? [Number(name.slice(6))] : []));
  const nearest = d3.least(epochs, epoch => Math.abs(epoch - net.record.epoch));
  return nearest === undefined ? null : `epoch-${nearest}`;
}

/** Accuracies over the run, and where the bad minima end; `drag(index)` is called with an iterate. */
function minefieldCourse(host, { record, nets, at, beside, drag }) {
  const { iterates } = record;
  const end = iterates.at(-1).epoch;
  const place = element('div', { class: 'plot' });
  const keys = element('ul', { class: 'legend' });
  host.append(element('p', { class: 'caption' }, element('strong', { 'data-shot': true }, 'Accuracies along the run')), place, keys);
  let marks = null;
  chart(place, { label: 'Train and test accuracy of the run over its epochs, and test accuracy of the bad minima', aspect: 0.2, shortest: 170, tallest: 210, margin: { top: 10, left: 66 } }, frame => {
    const { svg, left, right, top, bottom } = frame;
    keys.replaceChildren(...[
      { line: minefieldInk.red(0.7), text: 'run, test points' },
      { line: look.muted, dashed: true, text: 'run, training points' },
      { path: minefieldShapes.fixed, fill: minefieldInk.blue(0.45), text: 'bad minima, test points, at the epoch they were reached from' },
    ].map(minefieldKey));
    const x = d3.scaleLinear([iterates[0].epoch, end], [left, right]);
    const y = d3.scaleLinear([0, 1], [bottom, top]);
    axes(frame, { x: { scale: x, label: 'epoch' }, y: { scale: y, label: 'accuracy', ticks: 4, format: share => `${100 * share}${THIN}%` } });
    const line = (field, color, dash) => svg.append('path').attr('fill', 'none').attr('stroke', color).attr('stroke-width', 2)
      .attr('stroke-dasharray', dash).attr('d', d3.line(it => x(it.epoch), it => y(it[field]))(iterates));
    line('train_accuracy', look.muted, '5 4');
    line('test_accuracy', minefieldInk.red(0.7), null);
    const where = net => [x(net.record.epoch), y(net.record.test_accuracy)];
    svg.append('g').selectAll('path').data(nets.filter(isBadNet)).join('path').attr('d', net => minefieldShapes[net.kind])
      .attr('transform', net => `translate(${where(net)}) scale(0.7)`).attr('fill', net => minefieldFill(net, end)).attr('stroke', look.paper);
    const ring = (radius, color) => svg.append('circle').attr('r', radius).attr('fill', 'none').attr('stroke', color).attr('stroke-width', 2.2);
    marks = {
      x, where,
      cursor: svg.append('line').attr('stroke', look.good).attr('stroke-width', 1.6).attr('y1', top).attr('y2', bottom),
      here: ring(5, look.good),
      beside: ring(7, look.ink),
    };
    const to = event => {
      const epoch = x.invert(d3.pointer(event, svg.node())[0]);
      drag(d3.leastIndex(iterates, (a, b) => Math.abs(a.epoch - epoch) - Math.abs(b.epoch - epoch)));
    };
    svg.style('touch-action', 'pan-y').style('cursor', 'ew-resize');
    dragOver(svg.node(), { move: to });
    mark();
  });

  function mark() {
    const under = nets[at()];
    const put = (ring, net) => {
      const [x, y] = net ? marks.where(net) : [0, 0];
      ring.attr('display', net ? null : 'none').attr('cx', x).attr('cy', y);
    };
    const here = marks.x(under.record.epoch);
    marks.cursor.attr('x1', here).attr('x2', here);
    put(marks.here, under);
    put(marks.beside, beside());
  }
  return { mark: () => marks && mark() };
}

/** The maps a reader can choose: {all: by key, options, preferred}; `embedding` is null for distances. */
function minefieldMaps({ embeddings }) {
  const maps = embeddings.map(embedding => {
    const { method, perplexity, kl_divergence: lost, explained } = embedding;
    if (explained) {
      return { key: method.toLowerCase(), text: 'PCA', embedding, hint: 'PCA looks straight at the weights from one side: the side where the nets '
        + 'lie farthest apart. Distances shrink but are never stretched. Most of the variance lies in directions that are not seen here, so '
        + 'marks on top of each other need not be neighbours.' };
    }
    return { key: `tsne-${perplexity}`, text: `${method}, perplexity ${perplexity}`, embedding, hint: 't-SNE keeps near neighbours among the weights near on the '
      + 'page and distorts everything else: how far groups are apart, how large and how dense they are means nothing. Perplexity is about '
      + `how many neighbours it tries to keep${lost === undefined ? '' : `; here ${say.significant(lost, 2)} nats were lost (Kullback–Leibler divergence)`}.` };
  });
  maps.push({ key: 'distances', text: 'no map: distances', embedding: null, hint: 'Nothing is projected here. Lines: from each iterate to the bad minimum '
    + 'nearest to it. Reds: from each iterate to the run’s own end. Blue marks: how far descent went from an iterate to the bad minimum it found. '
    + 'A norm is the length of the iterate’s vector of weights, biases left out. The end itself, at distance 0, stands on the axis.' });
  const all = new Map(maps.map(map => [map.key, map]));
  const near = d3.least(embeddings.filter(({ perplexity }) => perplexity), ({ perplexity }) => Math.abs(perplexity - 30));
  return { all, options: maps.map(({ key, text }) => [key, text]), preferred: near ? `tsne-${near.perplexity}` : maps[0].key };
}

/** An entry of a key, drawn so that it can be saved with the picture. */
function minefieldKey({ path, fill, edge = 'none', ring, line, dashed, from, to, text }) {
  const width = from ? 56 : 22;
  const svg = d3.create('svg').attr('width', width).attr('height', 20).attr('viewBox', `0 0 ${width} 20`).attr('aria-hidden', 'true');
  if (path) svg.append('path').attr('d', path).attr('transform', 'translate(11,10) scale(0.8)').attr('fill', fill).attr('stroke', edge);
  if (ring) svg.append('circle').attr('cx', 11).attr('cy', 10).attr('r', 7).attr('fill', 'none').attr('stroke', ring).attr('stroke-width', 2.6);
  if (line) svg.append('line').attr('x1', 1).attr('x2', 21).attr('y1', 10).attr('y2', 10).attr('stroke', line).attr('stroke-width', 2.5).attr('stroke-dasharray', dashed ? '5 4' : null);
  if (from) {
    const mix = d3.interpolateRgb(from, to);
    svg.selectAll('rect').data(d3.range(14)).join('rect').attr('x', k => 4 * k).attr('y', 5).attr('width', 4.3).attr('height', 10).attr('fill', k => mix(k / 13));
  }
  return element('li', {}, svg.node(), element('span', { 'data-shot': true }, text));
}

/** What the marks of a map mean. */
function minefieldKeys({ iterates, bad }, map) {
  const { red, blue, bluest, star } = minefieldInk;
  const has = redrawn => bad.some(net => net.redrawn === redrawn);
  const kind = (redrawn, name, shade) => (has(redrawn) ? [{ path: minefieldShapes[name], fill: blue(shade), text: minefieldKinds[name] }] : []);
  return [
    { from: red(0), to: red(1), text: `the run, epoch ${iterates[0].epoch} to ${iterates.at(-1).epoch}` },
    { path: minefieldShapes.last, fill: star, edge: '#000', text: 'its last iterate' },
    ...kind(false, 'fixed', 0.5), ...kind(true, 'redrawn', 0.1),
    { from: blue(0), to: blue(bluest), text: `a bad one’s test accuracy, 0 to ${say.fixed(100 * bluest, 0)}${THIN}%` },
    ...(map.embedding ? [] : minefieldCurves().filter(({ field }) => iterates.some(iterate => iterate[field])).map(({ color, text }) => ({ line: color, text }))),
    { ring: look.good, text: 'epoch under the slider' },
    { ring: look.ink, text: 'net beside it' },
  ].map(minefieldKey);
}

/** What is drawn, as a table. */
function minefieldRows(nets, map) {
  const distance = (field, { minimum, relative } = {}) => ({ [`${field}_minimum`]: minimum, [field]: relative });
  return nets.map(net => {
    const { record } = net;
    const [x, y] = map.embedding ? map.embedding.points[net.index] : [];
    return {
      name: net.name, kind: net.kind, epoch: record.epoch, x, y,
      train_accuracy: record.train_accuracy, test_accuracy: record.test_accuracy, train_loss: record.train_loss,
      ...distance('nearest_fixed', record.nearest_fixed), ...distance('nearest_redrawn', record.nearest_redrawn),
      to_last: record.to_last?.relative, travelled: record.travelled?.relative,
      basin_radius_median: record.basin?.radius_median, basin_log10_volume: record.basin?.log10_volume,
      basin_sigma: record.basin?.local?.sigma, basin_ln_p: record.basin?.local?.ln_p,
    };
  });
}
