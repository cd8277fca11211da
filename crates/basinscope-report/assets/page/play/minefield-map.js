// The map of a minefield: every net a mark, placed by an embedding or by honest distances.

/** A mark this near to the pointer is meant, in pixels. */
const MINEFIELD_REACH = 30;

/**
 * Draws the nets of `record` into `host`. `map()` is the embedding to show, or null for distances;
 * `at()` the iterate under the slider, `drag(index)` puts another there; `beside()` and `pinned()`
 * are nets or null. Returns {move, mark}: to another map, and to other nets that are marked.
 */
function minefieldMap(host, { record, nets, station, map, at, drag, beside, pinned }) {
  const { iterates } = record;
  const end = iterates.at(-1).epoch;
  const place = element('div', { class: 'plot' });
  const tip = element('div', { class: 'tip', 'aria-hidden': 'true', hidden: true });
  place.append(tip);
  host.append(place);
  let frame = null;
  let scale = null;
  let points = [];
  let layers = null;
  let dragging = false;

  const figure = chart(place, { label: 'The nets of the minefield', aspect: 0.82, shortest: 300, tallest: 520, margin: { left: 66 } }, drawn => {
    frame = drawn;
    tip.hidden = true;
    const { svg } = frame;
    layers = { ground: svg.append('g'), way: svg.append('path'), link: svg.append('line') };
    layers.way.attr('fill', 'none').attr('stroke', look.muted).attr('stroke-opacity', 0.5);
    layers.link.attr('stroke', look.ink).attr('stroke-width', 1.4).attr('stroke-dasharray', '2 4').attr('stroke-linecap', 'round');
    const group = (label, some) => svg.append('g').attr('role', 'group').attr('aria-label', label)
      .selectAll('path').data(nets.filter(some)).join('path');
    const course = group('Iterates of the good run', net => !isBadNet(net));
    const bad = group('Bad minima', isBadNet);
    for (const marks of [course, bad]) {
      marks.attr('class', 'mark').attr('d', net => minefieldShapes[net.kind])
        .attr('fill', net => minefieldFill(net, end))
        .attr('stroke', net => (net.kind === 'last' ? '#000' : isBadNet(net) ? look.paper : null))
        .attr('stroke-width', net => (net.kind === 'last' ? 1.3 : 0.9));
      reachable(marks, { name: net => net.name, text: minefieldLine, station, enter: show, leave: () => { tip.hidden = true; } });
    }
    layers.marks = [...course.nodes(), ...bad.nodes()];
    const ring = (radius, width, color) => svg.append('circle').attr('r', radius).attr('fill', 'none')
      .attr('stroke', color).attr('stroke-width', width).attr('pointer-events', 'none');
    layers.pinned = ring(13, 1.6, look.ink);
    layers.lit = ring(9, 2.4, look.ink);
    layers.at = ring(11, 3, look.good);
    layers.handle = ring(15, 0, 'none').attr('class', 'handle').attr('fill', 'transparent').attr('pointer-events', 'all')
      .on('touchstart', event => event.preventDefault(), { passive: false }).on('pointerdown', grab);
    listen(svg);
    ground();
    paint(targets());
  });

  /** Axes and whatever lies below the marks. */
  function ground() {
    layers.ground.selectAll('*').remove();
    const inside = { ...frame, svg: layers.ground };
    scale = scales();
    const { x, y } = scale;
    const embedding = map();
    if (!embedding) return minefieldDistances(inside, iterates, x, y);
    if (embedding.explained) {
      const name = (which, share) => `${which} direction (${say.percent(share)} of variance)`;
      return axes(inside, {
        x: { scale: x, label: name('first', embedding.explained[0]) },
        y: { scale: y, label: name('second', embedding.explained[1]) },
      });
    }
    const { left, right, top, bottom } = edges();
    layers.ground.append('rect').attr('x', left).attr('y', top).attr('width', right - left).attr('height', bottom - top)
      .attr('fill', 'none').attr('stroke', look.line);
    layers.ground.append('g').attr('class', 'axes').append('text').attr('class', 'axis-label')
      .attr('x', (left + right) / 2).attr('y', bottom + 22).attr('text-anchor', 'middle')
      .text(`${embedding.method}, perplexity ${embedding.perplexity}; axes have no unit`);
  }

  /** The plot area: without numbers on its axes it may be wider. */
  function edges() {
    const { left, right, top, bottom } = frame;
    return map() && !map().explained ? { left: 1, right: frame.width - 1, top, bottom: bottom + 14 } : { left, right, top, bottom };
  }

  function scales() {
    const { left, right, top, bottom } = edges();
    if (!map()) {
      const far = record.bad.map(net => net.travelled.relative);
      const all = iterates.flatMap(it => [it.nearest_fixed, it.nearest_redrawn, it.to_last]).flatMap(near => (near ? [near.relative] : []));
      const seen = [...all, ...far].filter(x => x > 0);
      return {
        x: d3.scaleLinear([iterates[0].epoch, end], [left, right]),
        y: d3.scaleLog([0.6 * d3.min(seen), 1.4 * d3.max(seen)], [bottom, top]).clamp(true),
      };
    }
    const pad = 20;
    const [xs, ys] = [0, 1].map(axis => d3.extent(map().points, point => point[axis]));
    const units = [(right - left - 2 * pad) / (xs[1] - xs[0] || 1), (bottom - top - 2 * pad) / (ys[1] - ys[0] || 1)];
    // Axes that have a unit share one scale, so that lengths can be compared.
    if (map().explained) units.fill(Math.min(...units));
    const around = ([from, to], width, unit) => [(from + to) / 2 - width / (2 * unit), (from + to) / 2 + width / (2 * unit)];
    return {
      x: d3.scaleLinear(around(xs, right - left, units[0]), [left, right]),
      y: d3.scaleLinear(around(ys, bottom - top, units[1]), [bottom, top]),
    };
  }

  /** Where each net belongs: iterates without a map lie at their distance from the run's end. */
  function targets() {
    const { x, y } = scale;
    if (map()) return map().points.map(([a, b]) => [x(a), y(b)]);
    return nets.map(net => [x(net.record.epoch), y((isBadNet(net) ? net.record.travelled : net.record.to_last).relative || Number.MIN_VALUE)]);
  }

  function paint(where) {
    points = where;
    // Distances crowd on few pixels.
    const size = map() ? '' : ' scale(0.7)';
    layers.marks.forEach((node, i) => node.setAttribute('transform', `translate(${where[i][0].toFixed(1)},${where[i][1].toFixed(1)})${size}`));
    layers.way.attr('d', map() ? d3.line()(where.slice(0, iterates.length)) : null);
    mark();
  }

  /** Rings and the line from an iterate to the bad minimum reached from it. */
  function mark() {
    const put = (circle, net) => {
      const [x, y] = net ? points[net.index] : [0, 0];
      circle.attr('display', net ? null : 'none').attr('cx', x).attr('cy', y);
    };
    const chosen = beside();
    const under = nets[at()];
    put(layers.at, under);
    put(layers.handle, under);
    put(layers.lit, chosen);
    put(layers.pinned, pinned());
    const origin = chosen && isBadNet(chosen) ? nets.findIndex(net => !isBadNet(net) && net.record.epoch === chosen.record.epoch) : -1;
    layers.link.attr('display', origin < 0 ? 'none' : null);
    if (origin >= 0) {
      const [[x1, y1], [x2, y2]] = [points[origin], points[chosen.index]];
      layers.link.attr('x1', x1).attr('y1', y1).attr('x2', x2).attr('y2', y2);
    }
    const name = pinned()?.name;
    layers.marks.forEach((node, i) => {
      const pressed = String(nets[i].name === name);
      if (node.getAttribute('aria-pressed') !== pressed) node.setAttribute('aria-pressed', pressed);
    });
    if (!map()) minefieldCrossings(layers.ground, iterates, at(), scale);
  }

  /** The net that a place on the page means, or null. */
  function nearest([x, y], among = () => true, reach = MINEFIELD_REACH) {
    let best = null;
    nets.forEach(net => {
      const [a, b] = points[net.index];
      // Bad minima are larger, and lie above.
      const off = Math.hypot(a - x, b - y) - (isBadNet(net) ? 3 : 0);
      if (off < reach && among(net)) [best, reach] = [net, off];
    });
    return best;
  }

  /** The iterate that a place means while the slider's ring is drawn along. */
  function along([x, y]) {
    if (!map()) return d3.minIndex(iterates, (_, i) => Math.abs(points[i][0] - x));
    return nearest([x, y], net => !isBadNet(net), Infinity).index;
  }

  function meant(event) {
    const place = d3.pointer(event, frame.svg.node());
    const { left, right, top, bottom } = edges();
    const inside = place[0] > left - 8 && place[0] < right + 8 && place[1] > top && place[1] < bottom + 8;
    if (map() || !inside) return nearest(place);
    return nearest(place, isBadNet, 14) ?? nets[along(place)];
  }

  function show(net) {
    const [x, y] = points[net.index];
    tip.replaceChildren(...minefieldTip(net));
    tip.hidden = false;
    const [width, height] = [tip.offsetWidth, tip.offsetHeight];
    tip.style.left = `${Math.min(Math.max(x - width / 2, 0), Math.max(frame.width - width, 0))}px`;
    tip.style.top = `${y - height - 18 > 0 ? y - height - 18 : y + 18}px`;
  }

  function listen(svg) {
    svg.attr('class', 'minefield-map');
    svg.on('pointermove', event => {
      if (dragging) return;
      const net = meant(event);
      svg.style('cursor', net ? 'pointer' : null);
      if (net) show(net);
      else tip.hidden = true;
      spotlight.light(net?.name ?? null);
    });
    svg.on('pointerleave', () => {
      if (dragging) return;
      tip.hidden = true;
      spotlight.light(null);
    });
    svg.on('click', event => {
      // Marks take no pointer: a click on one comes from a screen reader, and is answered there.
      if (event.target.classList.contains('mark')) return;
      if (event.target.dataset.dragged) delete event.target.dataset.dragged;
      else {
        const net = meant(event);
        if (net) spotlight.pin(net.name, station);
      }
    });
  }

  function grab(event) {
    if (event.button !== 0) return;
    const node = event.currentTarget;
    const from = d3.pointer(event, frame.svg.node());
    node.setPointerCapture(event.pointerId);
    event.preventDefault();
    const move = next => {
      const to = d3.pointer(next, frame.svg.node());
      if (!dragging && Math.hypot(to[0] - from[0], to[1] - from[1]) < 4) return;
      dragging = true;
      tip.hidden = true;
      spotlight.light(null);
      drag(along(to));
    };
    const drop = () => {
      node.removeEventListener('pointermove', move);
      if (dragging) node.dataset.dragged = 'yes';
      // The click that ends a drag comes at once, or not at all.
      setTimeout(() => { delete node.dataset.dragged; });
      dragging = false;
    };
    node.addEventListener('pointermove', move);
    node.addEventListener('lostpointercapture', drop, { once: true });
  }

  return {
    /** To the map that is now chosen, marks gliding to their new places. */
    move() {
      if (!frame) return;
      tip.hidden = true;
      ground();
      const from = points;
      const to = targets();
      if (look.calm) paint(to);
      else {
        const { svg } = frame;
        const between = t => to.map(([x, y], i) => [from[i][0] + (x - from[i][0]) * t, from[i][1] + (y - from[i][1]) * t]);
        // A chart that was drawn anew meanwhile is where it belongs already.
        svg.transition().duration(650).tween('place', () => t => svg === frame.svg && paint(between(t)));
      }
    },
    mark: () => frame && mark(),
  };
}

function minefieldTip(net) {
  const { record } = net;
  const line = (...parts) => element('div', {}, ...parts);
  const lines = [line(element('strong', {}, minefieldTitle(net)), `, ${minefieldKinds[net.kind]}`),
    line(`train accuracy ${say.percent(record.train_accuracy)}, test accuracy ${say.percent(record.test_accuracy)}`)];
  if (isBadNet(net)) return [...lines, line(`reached from epoch ${record.epoch}, ${inNorms(record.travelled)} away`)];
  const near = [record.nearest_fixed, record.nearest_redrawn].filter(Boolean).sort((a, b) => a.relative - b.relative)[0];
  return near ? [...lines, line(`nearest bad minimum ${near.minimum}, ${inNorms(near)} away`)] : lines;
}

/** The curves of distance, by the field of an iterate they show. */
const minefieldCurves = () => [
  { field: 'nearest_fixed', color: minefieldInk.blue(0.5), text: 'to its nearest bad minimum, fixed poison' },
  { field: 'nearest_redrawn', color: minefieldInk.blue(0.1), text: 'to its nearest bad minimum, redrawn poison' },
];

function minefieldDistances(frame, iterates, x, y) {
  const decades = d3.range(Math.ceil(Math.log10(y.domain()[0])), Math.log10(y.domain()[1])).map(power => 10 ** power);
  axes(frame, {
    x: { scale: x, label: 'epoch of the iterate' },
    y: { scale: y, label: 'distance, in norms of the weights', values: decades, format: value => (value < 0.01 ? say.significant(value, 1).replace(/^1.×./, '') : String(+value.toPrecision(1))) },
  });
  for (const { field, color } of minefieldCurves()) {
    const known = iterates.filter(iterate => iterate[field]);
    frame.svg.append('path').attr('fill', 'none').attr('stroke', color).attr('stroke-width', 2.5)
      .attr('d', d3.line(it => x(it.epoch), it => y(it[field].relative))(known));
  }
}

/** Where the curves are at the slider's epoch. */
function minefieldCrossings(ground, iterates, at, { x, y }) {
  const iterate = iterates[at];
  const here = x(iterate.epoch);
  ground.selectAll('.cursor').data([here]).join('line').attr('class', 'cursor').attr('stroke', look.good)
    .attr('x1', here).attr('x2', here).attr('y1', y.range()[0]).attr('y2', y.range()[1]);
  ground.selectAll('.crossing').data(minefieldCurves().filter(({ field }) => iterate[field])).join('circle')
    .attr('class', 'crossing').attr('r', 4.5).attr('cx', here).attr('cy', ({ field }) => y(iterate[field].relative))
    .attr('fill', ({ color }) => color).attr('stroke', look.paper).attr('stroke-width', 1.5);
}
