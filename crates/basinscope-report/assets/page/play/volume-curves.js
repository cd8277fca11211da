// Curves over the width of the step: a line for each minimum, with a cursor at the chosen σ.

/**
 * Curves of `value(point)` with bands of `band(point)` over σ; dragging chooses σ.
 * `move(σ)` is called with the nearest σ of the grid. Returns {redraw, paint, cursor}.
 */
function volumeCurves(host, view, { label, axis, value, band = () => null, level = 0, text, check = false }, move) {
  let scale = null;
  let line = null;
  let frame = null;
  let labels = [];

  const draw = drawn => {
    frame = drawn;
    const { svg, left, right, top, bottom } = frame;
    const { records } = view.set;
    const known = record => record.curve.filter(point => Number.isFinite(value(point)));
    const sigmas = records.flatMap(record => record.curve.map(point => point.sigma));
    const others = check ? records.flatMap(record => basins.checks(record).flatMap(other =>
      known(other).map(point => ({ ...point, minimum: record.minimum, test_accuracy: record.test_accuracy, method: other.method })))) : [];
    const [least, most] = d3.extent([...sigmas, ...others.map(point => point.sigma)]);
    const domain = least < most ? [least / 1.06, most * 1.06] : [least / 1.6, most * 1.6];
    scale = d3.scaleLog(domain, [left, right]);
    const values = [...records.flatMap(known), ...others].flatMap(point => [value(point), ...(band(point) ?? [])]);
    const ends = d3.extent([...values, level]);
    const room = Math.max(0.06 * (ends[1] - ends[0]), 0.05);
    const y = d3.scaleLinear([ends[0] - room, ends[1] + room], [bottom, top]);
    const many = Math.max(2, Math.floor((right - left) / 52));
    const grid = view.set.sigmas;
    axes(frame, {
      x: { scale, label: 'width of the step, σ (log scale)', values: grid.length <= many ? grid : logTicks(domain, many), format: basins.sigma },
      y: { scale: y, label: axis, ticks: 5, format: tick => say.fixed(tick, ends[1] - ends[0] < 4 ? 1 : 0) },
    });
    svg.append('line').attr('class', 'rail').attr('x1', left).attr('x2', right).attr('y1', y(level)).attr('y2', y(level));
    svg.append('rect').attr('class', 'drag').attr('x', left).attr('y', top).attr('width', right - left).attr('height', bottom - top).call(draggable);

    const groups = svg.append('g').selectAll('g').data(records).join('g').attr('class', 'volume-curve');
    const path = d3.line(point => scale(point.sigma), point => y(value(point))).defined(point => Number.isFinite(value(point)));
    const color = record => look.minimum(record.test_accuracy);
    groups.append('path').attr('class', 'band').attr('fill', color).attr('d', record => d3.area()
      .defined(point => band(point) !== null).x(point => scale(point.sigma)).y0(point => y(band(point)[0])).y1(point => y(band(point)[1]))(record.curve));
    groups.append('path').attr('class', 'hit').attr('d', record => path(record.curve));
    for (const dashed of [false, true]) {
      groups.append('path').attr('class', 'line').attr('stroke', color).attr('stroke-dasharray', dashed ? '5 4' : null)
        .attr('d', record => d3.pairs(record.curve)
          .filter(([a, b]) => [a, b].every(point => Number.isFinite(value(point))) && Boolean(basins.flaw(a) ?? basins.flaw(b)) === dashed)
          .map(path).join(''));
    }
    groups.selectAll('.sign').data(record => known(record).map(point => ({ ...point, test_accuracy: record.test_accuracy })))
      .join('path').attr('class', 'sign').call(volumeSign, basins.flaw, point => point.test_accuracy, 36)
      .each(function move() { this.setAttribute('transform', `translate(${scale(this.__data__.sigma)},${y(value(this.__data__))})`); });
    reachable(groups, { name: record => record.minimum, text: record => text(record), station: 'volume' });

    const diamonds = svg.append('g').selectAll('g').data(others).join('g').attr('class', 'volume-check').attr('data-check', point => point.minimum);
    diamonds.filter(band).append('line').attr('x1', point => scale(point.sigma)).attr('x2', point => scale(point.sigma))
      .attr('y1', point => y(band(point)[0])).attr('y2', point => y(band(point)[1])).attr('stroke', look.ink);
    diamonds.append('path').attr('d', d3.symbol(d3.symbolDiamond, 42)).attr('transform', point => `translate(${scale(point.sigma)},${y(value(point))})`)
      .attr('fill', color).attr('stroke', look.ink);

    labels = records.filter(record => known(record).length).map(record => {
      const end = known(record).at(-1);
      const longest = Math.floor((frame.width - right - 8) / 7.2);
      const node = svg.append('text').attr('class', 'volume-name').attr('paint-order', 'stroke').attr('aria-hidden', 'true')
        .attr('x', scale(end.sigma) + 8).attr('y', y(value(end)) + 4).attr('fill', volumeInk(record.minimum))
        .text(volumeName(record.minimum, longest));
      return { name: record.minimum, node, y: y(value(end)) };
    });

    line = svg.append('g').attr('class', 'volume-cursor').attr('aria-hidden', 'true');
    line.append('line').attr('y1', top - 8).attr('y2', bottom);
    if (grid.length > 1) {
      line.append('rect').attr('class', 'grip').attr('x', -14).attr('y', top - 26).attr('width', 28).attr('height', 24).call(draggable);
      line.append('path').attr('d', `M-7,${top - 20}h14v7l-7,7l-7,-7z`);
    }
    cursor();
    paint();
  };

  const follow = event => {
    const at = scale.invert(event.clientX - host.getBoundingClientRect().left);
    move(d3.least(view.set.sigmas, sigma => Math.abs(Math.log(sigma / at))));
  };
  const draggable = target => target.nodes().forEach(node => dragOver(node, { move: follow }));

  const cursor = () => {
    line?.attr('transform', `translate(${scale(view.sigma)},0)`);
    d3.select(host).selectAll('.volume-curve').attr('aria-label', text);
  };

  const paint = () => {
    volumePaint(host, view);
    const taken = [];
    const named = [view.lit, run.pair?.bad, run.pair?.good];
    for (const label of labels) label.node.attr('visibility', 'hidden');
    for (const name of new Set(named)) {
      const label = labels.find(other => other.name === name);
      if (!label || taken.some(y => Math.abs(y - label.y) < 14)) continue;
      taken.push(label.y);
      label.node.attr('visibility', 'visible').classed('lit', name === view.lit);
    }
  };

  const longest = d3.max(view.set.records, record => record.minimum.length);
  const right = Math.min(7.3 * longest + 14, host.clientWidth < 420 ? 86 : 124);
  const made = chart(host, { label, aspect: 0.57, tallest: 320, margin: { left: 58, right, top: 30, bottom: 46 } }, draw);
  return { ...made, paint, cursor };
}
