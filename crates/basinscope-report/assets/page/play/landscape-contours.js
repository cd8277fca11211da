// The plane as contours of the loss, with a marker to drag.

/** The line at the cutoff shows on every colour of the map. */
const CUTOFF_LINE = { line: '#fff', casing: '#14161a' };
const MARKER_COLOR = '#d55e00';

/** Contours are so far apart in decades that there are at most so many. */
const CONTOUR_STEPS = [0.1, 0.25, 0.5, 1];
const CONTOURS_MOST = 13;
const CONTOUR_LABELS = 7;

/**
 * Contours in `host`. `get()` says {plane, mesh, a, b, marks} (marks: the minima in the plane as
 * {name, a, b}); `walk(a, b, moving)` is called as the marker is dragged or stepped.
 */
function landscapeContours(host, { get, walk, station }) {
  let scales = null;
  let marker = null;
  let spoken = '';

  const picture = chart(host, {
    label: 'Contours of the loss over the plane, and a marker to drag', aspect: 1.12, tallest: 620,
    margin: { left: 64, right: 14, top: 12, bottom: 96 },
  }, frame => {
    const { plane, mesh, marks } = get();
    const side = Math.min(frame.right - frame.left, frame.bottom - frame.top);
    const square = { ...frame, right: frame.left + side, bottom: frame.top + side };
    const { svg, left, right, top, bottom } = square;
    scales = {
      x: d3.scaleLinear([mesh.x.from, mesh.x.to], [left, right]),
      y: d3.scaleLinear([mesh.y.from, mesh.y.to], [bottom, top]),
      left, right, top, bottom,
    };
    const [a, b] = planeAxisLabels(plane);
    axes(square, {
      x: { scale: scales.x, label: a, ticks: 5, format: planeTicks(mesh.x) },
      y: { scale: scales.y, label: b, ticks: 5, format: planeTicks(mesh.y) },
    }).selectAll('.grid').remove();
    const clip = freshId();
    svg.append('clipPath').attr('id', clip).append('rect').attr('x', left).attr('y', top).attr('width', side).attr('height', side);
    const map = svg.append('g').attr('aria-hidden', 'true');
    const levels = contourLevels(mesh);
    const bands = contourPaths(mesh, levels, square);
    const field = map.append('g').attr('clip-path', `url(#${clip})`);
    const shade = d3.scaleLinear([mesh.low, mesh.high], [0, 1]);
    field.append('rect').attr('x', left).attr('y', top).attr('width', side).attr('height', side).attr('fill', look.loss(0));
    field.selectAll('path').data(bands).join('path')
      .attr('d', band => band.path)
      .attr('fill', band => look.loss(shade(band.level + levels.step / 2)))
      .attr('stroke', '#fff').attr('stroke-opacity', 0.28).attr('stroke-width', 0.7);
    const [cutoff] = contourPaths(mesh, [Math.log10(mesh.cutoff)], square);
    for (const [color, width] of [[CUTOFF_LINE.casing, 4.6], [CUTOFF_LINE.line, 2.2]]) {
      field.append('path').attr('class', 'cutoff').attr('d', cutoff.path).attr('fill', 'none').attr('stroke', color)
        .attr('stroke-width', width).attr('stroke-linejoin', 'round');
    }
    labelContours(map, [...bands, { ...cutoff, strong: true }], marks.flatMap(mark => [[scales.x(mark.a), scales.y(mark.b)], [scales.x(mark.a) + 34, scales.y(mark.b) + 16]]), square);
    lossBar(svg, mesh, left, right, bottom + 54);

    svg.append('rect').attr('x', left).attr('y', top).attr('width', side).attr('height', side).attr('class', 'landscape-ground');
    const minima = svg.append('g').selectAll('g').data(marks).join('g')
      .attr('class', 'landscape-minimum')
      .attr('transform', mark => `translate(${scales.x(mark.a)},${scales.y(mark.b)})`);
    minima.append('circle').attr('r', 12).attr('fill', 'transparent');
    for (const [color, width] of [[CUTOFF_LINE.casing, 5], [CUTOFF_LINE.line, 2.4]]) {
      minima.append('path').attr('d', 'M-5,-5L5,5M-5,5L5,-5').attr('stroke', color).attr('stroke-width', width).attr('stroke-linecap', 'round');
    }
    minima.append('text').attr('class', 'on-map strong').text(mark => mark.name)
      .attr('text-anchor', mark => (scales.x(mark.a) > (left + right) / 2 + 1 ? 'end' : 'start'))
      .attr('x', mark => (scales.x(mark.a) > (left + right) / 2 + 1 ? -12 : 12)).attr('y', 20);
    reachable(minima, { name: mark => mark.name, station, text: mark => `${mark.name}, at a = ${mark.a}, b = ${mark.b}. Press to pin.` });

    marker = svg.append('g').attr('class', 'landscape-marker').attr('tabindex', 0).attr('data-key', 'landscape-marker')
      .attr('role', 'slider').attr('aria-roledescription', 'marker on a plane').attr('aria-label', 'Where you stand: steps a and b')
      .attr('aria-valuemin', mesh.x.from).attr('aria-valuemax', mesh.x.to);
    marker.append('circle').attr('r', 22).attr('fill', 'transparent');
    marker.append('circle').attr('r', 8.5).attr('fill', MARKER_COLOR).attr('stroke', '#fff').attr('stroke-width', 2.4);
    marker.append('circle').attr('r', 10).attr('fill', 'none').attr('stroke', CUTOFF_LINE.casing).attr('stroke-width', 1);
    place();
    tell();
    light();
  });

  function place() {
    const { a, b } = get();
    marker?.attr('transform', `translate(${scales.x(a)},${scales.y(b)})`);
  }
  function tell() {
    marker?.attr('aria-valuenow', Number(get().a.toPrecision(4))).attr('aria-valuetext', spoken);
  }
  function light() {
    d3.select(host).selectAll('.landscape-minimum').classed('lit', mark => mark.name === spotlight.lit);
  }
  spotlight.on(light);

  const within = (axis, value) => Math.min(Math.max(value, axis.from), axis.to);
  const go = (a, b, moving) => {
    const { mesh } = get();
    walk(within(mesh.x, a), within(mesh.y, b), moving);
  };

  // Dragging: the frame listens, as what is drawn in it is drawn anew.
  const at = event => {
    const [x, y] = d3.pointer(event, host.querySelector(':scope > svg'));
    return [scales.x.invert(x), scales.y.invert(y)];
  };
  let onMarker = false;
  dragOver(host, {
    begin: event => {
      onMarker = event.target.closest('.landscape-marker') !== null;
      return onMarker || event.target.closest('.landscape-ground') !== null;
    },
    move: (event, down) => {
      if (event === down) {
        marker.node().focus({ preventScroll: true });
        down.preventDefault();
        if (onMarker) return;
      }
      go(...at(event), true);
    },
    end: () => {
      const { a, b } = get();
      go(a, b, false);
    },
  });
  host.addEventListener('dblclick', event => event.target.closest('.landscape-ground, .landscape-marker') && go(0, 0, false));
  host.addEventListener('keydown', event => {
    if (!event.target.closest('.landscape-marker')) return;
    const { mesh, a, b } = get();
    const [right, up] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
    const stride = event.shiftKey ? 5 : 1;
    if (event.key === 'Home') go(0, 0, false);
    else if (right || up) {
      const mesh_a = (mesh.x.to - mesh.x.from) / (PLANE_NODES - 1);
      const mesh_b = (mesh.y.to - mesh.y.from) / (PLANE_NODES - 1);
      go(a + right * stride * mesh_a, b + up * stride * mesh_b, true);
    } else return;
    event.preventDefault();
  });

  return {
    redraw: picture.redraw,
    place,
    /** Says where the marker is, for a screen reader. */
    say(text) {
      spoken = text;
      tell();
    },
  };
}

/** Labels of the two axes of a plane. */
function planeAxisLabels({ key, x, y }) {
  const [a, b] = { towards: ['towards the other minimum', 'along d₂, random'], stiff: ['along the stiffest direction', 'along the next'] }[key]
    ?? ['along d₁', 'along d₂'];
  return [`step a ${a}${planeUnits(x).note}`, `step b ${b}${planeUnits(y).note}`];
}

/** Steps as they stand at an axis. */
function planeTicks(axis) {
  const { factor } = planeUnits(axis);
  return value => String(Number((factor * value).toPrecision(3))).replace('-', MINUS);
}

/** Levels (log10 loss) of the contours of a mesh; `step` is how many decades they lie apart. */
function contourLevels({ low, high }) {
  const step = CONTOUR_STEPS.find(step => (high - low) / step <= CONTOURS_MOST) ?? 1;
  const levels = d3.range(Math.ceil(low / step), Math.floor(high / step - 1e-9) + 1)
    .map(index => (step === 0.5 && index % 2 ? Math.floor(index / 2) + Math.log10(3) : index * step));
  return Object.assign(levels, { step });
}

/** A loss at a level, in so few digits as tell it from its neighbours. */
const levelText = level => say.significant(10 ** level, [0, Math.log10(3)].some(part => Math.abs(level - Math.floor(level) - part) < 1e-9) ? 1 : 2);

/** Where the loss passes each level: {level, path, rings}, in pixels of the frame. */
function contourPaths({ columns, rows, values }, levels, { left, right, top, bottom }) {
  const toX = x => left + ((x - 0.5) * (right - left)) / (columns - 1);
  const toY = y => bottom - ((y - 0.5) * (bottom - top)) / (rows - 1);
  const contours = d3.contours().size([columns, rows]);
  return levels.map(level => {
    const rings = contours.contour(values, level).coordinates.flat().map(ring => ring.map(([x, y]) => [toX(x), toY(y)]));
    const path = rings.map(ring => `M${ring.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join('L')}Z`).join('');
    return { level, path, rings };
  });
}

/** Writes losses onto contours where there is room, the cutoff's first. */
function labelContours(map, bands, taken, { left, right, top, bottom }) {
  const placed = [...taken];
  const labels = [];
  const width = text => 6.6 * text.length;
  const order = [...bands].sort((a, b) => Boolean(b.strong) - Boolean(a.strong)
    || Number(b.level % 1 === 0) - Number(a.level % 1 === 0) || a.level - b.level);
  for (const { level, rings, strong } of order) {
    const text = strong ? `cutoff ${say.significant(10 ** level, 1)}` : levelText(level);
    if (!strong && labels.some(label => label.strong && Math.abs(label.level - level) < 0.02)) continue;
    const half = width(text) / 2 + 6;
    let best = null;
    for (const ring of rings) {
      for (let i = 0; i < ring.length; i += 2) {
        const [x, y] = ring[i];
        if (x < left + half || x > right - half || y < top + 12 || y > bottom - 12) continue;
        const room = d3.min(placed, ([px, py]) => Math.hypot((px - x) / 1.6, py - y)) ?? 99;
        const score = Math.min(room, 44) - 0.02 * Math.hypot(x - placed[0][0], y - placed[0][1]);
        if (room > 22 && (!best || score > best.score)) best = { x, y, score };
      }
    }
    if (!best || (!strong && labels.length > CONTOUR_LABELS)) continue;
    placed.push([best.x, best.y]);
    labels.push({ ...best, text, strong, level });
  }
  map.append('g').selectAll('text').data(labels).join('text')
    .attr('class', label => (label.strong ? 'on-map strong' : 'on-map'))
    .attr('x', label => label.x).attr('y', label => label.y).attr('dy', '0.35em').attr('text-anchor', 'middle')
    .text(label => label.text);
}

/** The colours of losses as a bar with its scale. */
function lossBar(svg, { low, high, clipped }, left, right, y) {
  const bar = svg.append('g').attr('aria-hidden', 'true').attr('class', 'axes');
  const count = 48;
  const width = (right - left) / count;
  bar.selectAll('rect').data(d3.range(count)).join('rect').attr('x', i => left + i * width).attr('y', y)
    .attr('width', width + 0.5).attr('height', 9).attr('fill', i => look.loss((i + 0.5) / count));
  const scale = d3.scaleLinear([low, high], [left, right]);
  const whole = d3.range(Math.ceil(low), Math.floor(high) + 1);
  const stride = Math.ceil(whole.length / Math.max(2, Math.floor((right - left) / 52)));
  const ticks = whole.length > 1 ? whole.filter(level => level % stride === 0) : [low, high];
  const axis = bar.append('g').attr('class', 'axis').attr('transform', `translate(0,${y + 9})`)
    .call(d3.axisBottom(scale).tickValues(ticks).tickSize(4).tickFormat(level => (whole.length > 1 ? power(10 ** level) : say.significant(10 ** level, 2))));
  axis.select('.domain').remove();
  bar.append('text').attr('class', 'axis-label').attr('x', (left + right) / 2).attr('y', y + 40).attr('text-anchor', 'middle')
    .text(`train loss (nats)${clipped.some(Boolean) ? ', clipped' : ''}`);
}
