// Volumes of basins: the gap against volume, curves over the width of the step, linked.

function volume(host) {
  const STATION = 'volume';
  const [locals, rayed] = [basins.localSets(), basins.raySets()];
  if (!locals.length && !rayed.length) return false;
  const measures = [...(locals.length ? ['local'] : []), ...(rayed.length ? ['paper', 'radius'] : [])];
  const view = {
    /** Key of VOLUME_MEASURES. */
    measure: measures[0],
    /** Local volumes and rays that are shown, or undefined. */
    set: locals[0], rays: rayed[0],
    sigma: 0,
    /** Lit minimum where there are volumes of it, else null; and of which the readings tell. */
    lit: null, told: null,
  };
  const readings = volumeReadings(view);
  const status = controls.status();

  function read() {
    const measure = address.get('vx', measures[0]);
    view.measure = measures.includes(measure) ? measure : measures[0];
    view.set = locals.find(set => set.key === address.get('vset', locals[0]?.key ?? '')) ?? locals[0];
    view.rays = rayed.find(set => set.key === address.get('vrays', rayed[0]?.key ?? '')) ?? rayed[0];
    if (view.set) {
      const wanted = address.get('sigma', view.set.sigma);
      view.sigma = wanted > 0 ? d3.least(view.set.sigmas, sigma => Math.abs(Math.log(sigma / wanted))) : view.set.sigma;
    }
    light(spotlight.lit);
  }

  function light(name) {
    const names = [view.set, view.rays].flatMap(set => set?.records ?? []);
    const known = names.some(record => record.minimum === name);
    view.lit = known ? name : null;
    const worst = d3.least(names, record => record.test_accuracy);
    view.told = view.lit ?? (names.some(record => record.minimum === run.pair?.bad) ? run.pair.bad : worst.minimum);
  }

  // Controls.
  const tabs = measures.map(key => controls.button(VOLUME_MEASURES[key].name, () => change({ vx: key }), { 'data-measure': key, 'aria-pressed': 'false' }));
  const measureBox = element('div', { class: 'control' }, element('span', { class: 'label', id: 'volume-measure' }, 'Size of the basin by'),
    element('div', { class: 'tabs', role: 'group', 'aria-labelledby': 'volume-measure' }, ...tabs));
  const choose = (label, key, sets, chosen) => (sets.length > 1
    ? controls.select(label, sets.map(set => [set.key, set.name]), chosen.key, value => change({ [key]: value })) : null);
  read();
  const setBox = choose('Local volume: method and basin', 'vset', locals, view.set);
  const raysBox = choose('Rays: directions and basin', 'vrays', rayed, view.rays);
  let slider = null;
  const sliderBox = element('div', { class: 'volume-sigma' });
  function newSlider() {
    slider = null;
    sliderBox.hidden = !(view.set?.sigmas.length > 1);
    if (sliderBox.hidden) return;
    const { sigmas } = view.set;
    slider = controls.slider('Width of the step, σ', { min: 0, max: sigmas.length - 1, step: 1, value: sigmas.indexOf(view.sigma), text: i => basins.sigma(sigmas[i]) },
      i => moveTo(sigmas[i]));
    sliderBox.replaceChildren(slider);
  }

  // The figure.
  const verdict = element('p', { class: 'volume-verdict' });
  const hint = element('p', { class: 'hint volume-hint' });
  const title = text => element('h4', {}, element('span', { 'data-shot': true }, text));
  const [scatterPlot, sizePlot, dimensionPlot] = [0, 1, 2].map(() => element('div', { class: 'plot' }));
  const line = element('p', { class: 'hint volume-line' });
  const correlation = element('p', { class: 'hint' });
  const keys = element('ul', { class: 'legend volume-legend' });
  const scatterPanel = element('div', {}, title('Generalization gap against the size of the basin'), scatterPlot, line, correlation);
  const curvesPanel = view.set ? element('div', {},
    title('Chance that a random step stays'), sizePlot, title('Directions that hold the net in its basin'), dimensionPlot,
    element('p', { class: 'hint' }, `${locals.some(set => set.sigmas.length > 1) ? 'Drag the marker or the plot to choose σ. ' : ''}Of the ${say.fixed(view.set.records[0].dimension, 0)} directions, k are those in which a step of width σ hits a wall.`)) : null;
  const stage = element('div', { class: curvesPanel ? 'stage two' : 'stage' }, scatterPanel, curvesPanel, keys);
  host.append(
    element('h3', { class: 'volume-title' }, 'How large is each basin, and does it matter? ', element('small', {}, 'Each point and each line is a minimum. Point at one to light it everywhere; click to pin it.')),
    controls.row(measureBox, sliderBox, setBox, raysBox), hint, verdict, stage, readings,
    saveRow('volume', { stage, rows, state: () => ({ measure: view.measure, sigma: view.set ? view.sigma : undefined, local: view.set?.name, rays: view.rays?.name, pinned: spotlight.pinned }) }),
    status,
  );

  const scatter = volumeScatter(scatterPlot, view);
  let curves = [];
  function newCurves() {
    const named = (record, told) => `${record.minimum}, test accuracy ${say.percent(record.test_accuracy)}: ${told(basins.at(record, view.sigma))} at σ = ${basins.sigma(view.sigma)}`;
    const size = point => (Number.isFinite(point.ln_p) ? basins.decades(point.ln_p) : null);
    curves = [
      volumeCurves(sizePlot, view, {
        label: 'Chance that a random step stays in the basin against its width, a curve for each minimum', axis: 'log₁₀ P (decades)',
        value: size, band: point => point.interval?.map(basins.decades) ?? null, check: true,
        text: record => named(record, point => (basins.flaw(point) ? `${basins.doubts(point)}${Number.isFinite(point?.ln_p) ? `, log₁₀ P ${basins.log(size(point))}` : ''}` : `log₁₀ P ${basins.log(size(point))}`)),
      }, moveTo),
      volumeCurves(dimensionPlot, view, {
        label: 'Number of constrained dimensions against the width of the step, a curve for each minimum', axis: 'constrained dimensions, k',
        value: point => point.constrained_dimensions,
        text: record => named(record, point => (Number.isFinite(point?.constrained_dimensions) ? `k = ${say.fixed(point.constrained_dimensions, 1)}` : 'no number')),
      }, moveTo),
    ];
  }

  function newLegend() {
    keys.replaceChildren();
    const color = look.minimum(0.35);
    const points = view.set?.records.flatMap(record => record.curve) ?? [];
    const any = flaw => points.some(point => basins.flaw(point) === flaw);
    const drawn = (text, width, draw) => {
      const svg = d3.create('svg').attr('width', width).attr('height', 16).attr('viewBox', `0 -8 ${width} 16`).attr('aria-hidden', 'true');
      draw(svg);
      keys.append(element('li', {}, svg.node(), element('span', { 'data-shot': true }, text)));
    };
    const sign = flaw => svg => svg.append('path').attr('class', 'sign').datum(0).call(volumeSign, () => flaw, () => 0.35, 70)
      .each(function move() { this.setAttribute('transform', 'translate(9,0)'); });
    drawn('test accuracy 0 to 100 %', 84, svg => d3.range(42).forEach(i =>
      svg.append('rect').attr('x', 2 * i).attr('y', -5).attr('width', 2.5).attr('height', 10).attr('fill', look.minimum(i / 41))));
    if (view.set || view.measure === 'radius') drawn('95\u202f% interval', 30, svg => {
      svg.append('rect').attr('y', -6).attr('width', 30).attr('height', 12).attr('fill', color).attr('opacity', 0.2);
      svg.append('line').attr('x2', 30).attr('stroke', color).attr('stroke-width', 2);
    });
    if (any('unconverged')) drawn('not converged: reads low', 18, sign('unconverged'));
    if (any('non-local')) drawn('not local: more than this basin', 18, sign('non-local'));
    if (any('refused')) drawn('refused: no number', 18, sign('refused'));
    if (view.measure === 'paper' && view.rays.records.some(record => record.warning)) drawn('lower bound', 24, svg =>
      svg.append('path').attr('d', 'M2,0H20M16,-3.5L20,0L16,3.5').attr('fill', 'none').attr('stroke', color).attr('stroke-width', 2));
    const others = new Set(view.set?.records.flatMap(record => basins.checks(record).map(other => other.method)));
    for (const method of others) drawn(`check by ${basins.method(method)}`, 18, svg => svg.append('path')
      .attr('d', d3.symbol(d3.symbolDiamond, 60)).attr('transform', 'translate(9,0)').attr('fill', color).attr('stroke', look.ink));
  }

  function tellCorrelation() {
    const marks = volumeMarks(view).filter(mark => mark.x !== null);
    const solid = marks.filter(mark => !mark.flaw);
    const rho = basins.rankCorrelation(solid.map(mark => [mark.x, mark.gap]));
    const left = marks.length - solid.length;
    correlation.hidden = rho === null;
    if (rho === null) return;
    correlation.replaceChildren(element('span', { 'data-shot': true }, 'Rank correlation with the gap (Spearman): ',
      element('strong', { 'data-computed': 'rank_correlation' }, say.fixed(rho, 2)), `, n = ${solid.length}`),
    `; computed in this page${left ? `, without the ${left} hollow` : ''}.`);
  }

  function tellLine() {
    const mark = volumeMarks(view).find(other => other.minimum === view.told);
    line.textContent = mark ? volumeMarkText(mark, view) : '';
  }

  /** Everything that depends on σ and the measure, but not which curves there are. */
  function tell() {
    verdict.replaceChildren(...volumeVerdict(view));
    verdict.hidden = !verdict.textContent;
    hint.textContent = VOLUME_MEASURES[view.measure].hint(view);
    for (const tab of tabs) tab.setAttribute('aria-pressed', String(tab.dataset.measure === view.measure));
    tellCorrelation();
    tellLine();
    readings.show();
  }

  function moveTo(sigma) {
    if (sigma === view.sigma) return;
    view.sigma = sigma;
    address.set({ sigma }, STATION);
    slider?.set(view.set.sigmas.indexOf(sigma));
    curves.forEach(curve => curve.cursor());
    if (view.measure === 'local') scatter.redraw();
    tell();
    status.say(verdict.textContent || line.textContent);
  }

  function change(keys) {
    address.set(keys, STATION);
    const old = view.set;
    read();
    show(view.set !== old);
    status.say(`${hint.textContent} ${correlation.textContent}`);
  }

  /** Draws all of it; `fresh` where the set of curves is another. */
  function show(fresh) {
    if (fresh) newSlider();
    else slider?.set(view.set.sigmas.indexOf(view.sigma));
    if (setBox) setBox.select.value = view.set.key;
    if (raysBox) raysBox.select.value = view.rays.key;
    scatter.redraw();
    curves.forEach(curve => (fresh ? curve.redraw() : curve.cursor()));
    newLegend();
    tell();
  }

  function rows() {
    const curves = (view.set?.records ?? []).flatMap(({ minimum, test_accuracy, generalization_gap, method, region, cutoff, curve }) =>
      curve.map(({ interval, sample_test_accuracy_range: range, ...point }) => ({
        kind: 'local', minimum, test_accuracy, generalization_gap, method, region, cutoff, chosen: basins.same(point.sigma, view.sigma), ...point,
        interval_low: interval?.[0] ?? null, interval_high: interval?.[1] ?? null,
        sample_test_accuracy_low: range?.[0] ?? null, sample_test_accuracy_high: range?.[1] ?? null,
      })));
    const radial = (view.rays?.records ?? []).map(({ minimum, test_accuracy, generalization_gap, method, normalization, cutoff, directions, dimension,
      log10_volume, ess, warning, radius_median, radius_median_ci: [low, high], censored }) => ({
      kind: 'rays', minimum, test_accuracy, generalization_gap, method, normalization, cutoff, directions, dimension,
      log10_volume, ess, radius_median, radius_median_low: low, radius_median_high: high, censored, warning,
    }));
    return [...curves, ...radial];
  }

  newSlider();
  if (view.set) newCurves();
  newLegend();
  tell();
  look.on(newLegend);
  spotlight.on(name => {
    light(name);
    scatter.paint();
    curves.forEach(curve => curve.paint());
    tellLine();
    readings.show();
  });
  address.onChange(() => {
    read();
    show(true);
  });
}
