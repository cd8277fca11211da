// Charts: a frame that follows its place and the colour scheme, axes, and marks one can walk through.

/**
 * A chart in `host`, drawn again whenever its width or the colour scheme changes.
 *
 * `draw` gets {svg, width, height, left, right, top, bottom}: a fresh d3 selection of the SVG and
 * the edges of the plot area in CSS pixels. Returns {redraw}.
 */
function chart(host, { label, aspect = 0.62, shortest = 240, tallest = 460, margin = {} }, draw) {
  const { left = 58, right = 16, top = 14, bottom = 46 } = margin;
  let drawn = 0;
  const redraw = () => {
    const width = Math.round(host.clientWidth);
    if (width < 40) return;
    drawn = width;
    const height = Math.round(Math.min(Math.max(width * aspect, shortest), tallest));
    const focused = host.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    host.querySelector(':scope > svg')?.remove();
    const svg = d3.select(host).append('svg')
      .attr('width', width).attr('height', height).attr('viewBox', `0 0 ${width} ${height}`)
      .attr('role', 'group').attr('aria-label', label);
    draw({ svg, width, height, left, right: width - right, top, bottom: height - bottom });
    if (focused) host.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  };
  new ResizeObserver(() => Math.round(host.clientWidth) !== drawn && redraw()).observe(host);
  look.on(redraw);
  redraw();
  return { redraw };
}

/** Axes with grid lines and labels; scales map to the frame's edges. Each is {scale, label, ticks, format}. */
function axes({ svg, width, left, right, top, bottom }, { x, y }) {
  const group = svg.append('g').attr('class', 'axes').attr('aria-hidden', 'true');
  const few = Math.max(2, Math.floor((right - left) / 80));
  const below = d3.axisBottom(x.scale).ticks(x.ticks ?? few, x.format).tickSizeOuter(0).tickPadding(6);
  const beside = d3.axisLeft(y.scale).ticks(y.ticks ?? 5, y.format).tickSizeOuter(0).tickPadding(6);
  if (typeof x.format === 'function') below.tickFormat(x.format);
  if (typeof y.format === 'function') beside.tickFormat(y.format);
  if (x.values) below.tickValues(x.values);
  if (y.values) beside.tickValues(y.values);
  group.append('g').attr('class', 'grid').attr('transform', `translate(0,${bottom})`)
    .call(d3.axisBottom(x.scale).ticks(x.ticks ?? few).tickValues(x.values ?? null).tickSize(top - bottom).tickFormat(''));
  group.append('g').attr('class', 'grid').attr('transform', `translate(${left},0)`)
    .call(d3.axisLeft(y.scale).ticks(y.ticks ?? 5).tickValues(y.values ?? null).tickSize(left - right).tickFormat(''));
  group.append('g').attr('class', 'axis').attr('transform', `translate(0,${bottom})`).call(below);
  group.append('g').attr('class', 'axis').attr('transform', `translate(${left},0)`).call(beside);
  group.append('text').attr('class', 'axis-label').attr('x', (left + right) / 2).attr('y', bottom + 38)
    .attr('text-anchor', 'middle').text(x.label);
  group.append('text').attr('class', 'axis-label').attr('text-anchor', 'middle')
    .attr('transform', `translate(14,${(top + bottom) / 2}) rotate(-90)`).text(y.label);
  return group;
}

/**
 * Makes marks reachable: one Tab stop for all of them, arrow keys from one to the next, Enter or
 * Space to pin. `name(d)` is the minimum a mark stands for, `text(d)` what a screen reader says.
 */
function reachable(marks, { name, text, station, enter = () => {}, leave = () => {} }) {
  const nodes = marks.nodes();
  const data = marks.data();
  const first = Math.max(data.findIndex(d => name(d) === spotlight.pinned), 0);
  marks.attr('tabindex', (_, i) => (i === first ? 0 : -1))
    .attr('role', 'button')
    .attr('aria-label', text)
    .attr('aria-pressed', d => String(spotlight.pinned === name(d)))
    .attr('data-key', (d, i) => `${name(d)}/${i}`)
    .attr('data-minimum', name)
    .on('pointerenter focus', (event, d) => { spotlight.light(name(d)); enter(d, event); })
    .on('pointerleave blur', (event, d) => { spotlight.light(null); leave(d, event); })
    .on('click', (_, d) => press(d))
    .on('keydown', (event, d) => {
      const at = data.indexOf(d);
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const to = step ? at + step : { Home: 0, End: nodes.length - 1 }[event.key];
      if (event.key === 'Enter' || event.key === ' ') press(d);
      else if (to === undefined || !nodes[to]) return;
      else {
        nodes[at].setAttribute('tabindex', -1);
        nodes[to].setAttribute('tabindex', 0);
        nodes[to].focus();
      }
      event.preventDefault();
    });
  const press = d => {
    spotlight.pin(name(d), station);
    marks.attr('aria-pressed', other => String(spotlight.pinned === name(other)));
  };
}

/** A curve's colour bar or any legend is plain HTML: [{color, text, shape}] as a list. */
function legend(host, entries) {
  const list = element('ul', { class: 'legend' });
  for (const { color, text, shape = 'disc' } of entries) {
    const key = element('span', { class: `key ${shape}`, 'aria-hidden': 'true' });
    key.style.setProperty('--key', color);
    list.append(element('li', {}, key, text));
  }
  host.append(list);
  return list;
}

/** A power of ten as an axis writes it. */
const power = value => {
  const exponent = Math.round(Math.log10(value));
  const raised = String(Math.abs(exponent)).replace(/\d/g, digit => SUPERSCRIPTS[digit]);
  return exponent === 0 ? '1' : exponent === 1 ? '10' : `10${exponent < 0 ? '⁻' : ''}${raised}`;
};

/** Powers of ten within a domain, at most seven of them. */
function powers([low, high]) {
  const all = d3.range(Math.ceil(Math.log10(low)), Math.floor(Math.log10(high)) + 1);
  const stride = Math.ceil(all.length / 7) || 1;
  return all.filter(exponent => exponent % stride === 0).map(exponent => 10 ** exponent);
}
