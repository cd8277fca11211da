// What is recorded of the volume of one minimum, and how far the good basin is from the bad.

/** The panel of readings; `show()` tells of `view.told`. */
function volumeReadings(view) {
  const family = run.families.get('run');
  const canvas = element('canvas', {});
  const boundary = family?.window ? new BoundaryView(canvas, family, '') : null;
  const picture = element('div', { class: 'volume-thumbnail' }, canvas, element('p', { class: 'hint' }, 'its decision boundary'));
  const facts = element('div', { class: view.set ? 'volume-facts' : 'volume-facts few' });
  const box = element('div', { class: 'volume-readings', role: 'group', 'aria-label': 'Readings of one minimum' }, boundary ? picture : null, facts);
  let seen = false;
  new IntersectionObserver(entries => {
    if (entries.some(entry => entry.isIntersecting)) { seen = true; draw(); }
  }, { rootMargin: '200px' }).observe(box);

  // A pointer that passes over many minima draws only the one it rests on.
  const REST = 60;
  let drawn = null;
  let timer = 0;
  function draw() {
    clearTimeout(timer);
    const known = boundary !== null && family.has(view.told);
    picture.hidden = !known;
    if (known && seen && drawn !== view.told) timer = setTimeout(drawNow, drawn === null ? 0 : REST);
  }
  function drawNow() {
    drawn = view.told;
    boundary.label = `Decision boundary of ${view.told}`;
    boundary.draw(family.theta(view.told), { moving: true });
  }

  const yes = value => (value ? 'yes' : 'no');
  const or = (value, text) => (value === null || value === undefined ? '–' : text(value));

  function local(record) {
    const point = basins.at(record, view.sigma);
    const title = element('h4', {}, `Local volume at σ = ${basins.sigma(view.sigma)} `, element('small', {}, basins.method(record.method)));
    if (!point) return [title, element('p', { class: 'hint' }, 'No estimate at this σ.')];
    const recorded = (field, text) => [or(point[field], text), { 'data-field': field }];
    const computed = (name, value) => [or(value, basins.log), { 'data-computed': name }];
    const list = controls.facts([
      ['ln P (nats)', ...recorded('ln_p', basins.log)],
      ['95\u202f% interval', ...recorded('interval', ends => ends.map(basins.log).join(' to '))],
      ['log₁₀ P (decades)', ...computed('log10_p', point.ln_p === null ? null : basins.decades(point.ln_p))],
      ['constrained dimensions, k', ...recorded('constrained_dimensions', k => say.fixed(k, 1))],
      ['R-hat', ...recorded('r_hat', r => say.fixed(r, 2))],
      ['star share, f*', ...recorded('star_share', share => say.fixed(share, 2))],
      ['test accuracy of samples', ...recorded('sample_test_accuracy', say.percent)],
      ['converged', ...recorded('converged', yes)],
      ['local', ...recorded('local', yes)],
      ...basins.checks(record).flatMap(other => {
        const same = basins.at(other, view.sigma);
        return same ? [[`ln P by ${basins.method(other.method)}`, or(same.ln_p, basins.log), { 'data-computed': 'check' }]] : [];
      }),
    ]);
    return [title, list, warning(point.warning, 'No warning: local and converged.', 'warning'),
      element('p', { class: 'hint' }, 'R-hat near 1: the replicates agree. f*: the share of samples from which the straight way to the minimum stays in its basin; below 0.5 the number is not local.')];
  }

  function rays(record) {
    const recorded = (field, text) => [or(record[field], text), { 'data-field': field }];
    const list = controls.facts([
      ['median radius', ...recorded('radius_median', r => say.significant(r, 3))],
      ['95\u202f% interval', ...recorded('radius_median_ci', ends => ends.map(r => say.significant(r, 3)).join(' to '))],
      ['log₁₀ V', ...recorded('log10_volume', v => say.fixed(v, 0))],
      [`rays that carry it (ESS of ${say.fixed(record.directions, 0)})`, ...recorded('ess', ess => say.fixed(ess, 2))],
      record.censored ? ['rays that never left', ...recorded('censored', count => say.fixed(count, 0))] : null,
    ].filter(Boolean));
    return [element('h4', {}, 'Paper mode ', element('small', {}, 'rays')), list, warning(record.warning, 'No warning.', 'warning')];
  }

  const warning = (text, none, field) => element('p', { class: text ? 'volume-warning' : 'hint' },
    text ? element('span', { 'data-field': field }, text) : none);

  function show() {
    const name = view.told;
    const [point, ray] = [basins.of(view.set, name), basins.of(view.rays, name)];
    const record = point ?? ray;
    if (!record) return;
    const swatch = element('span', { class: 'key disc', 'aria-hidden': 'true' });
    swatch.style.setProperty('--key', look.minimum(record.test_accuracy));
    const general = controls.facts([
      ['test accuracy', say.percent(record.test_accuracy), { 'data-field': 'test_accuracy' }],
      ['generalization gap', say.percent(record.generalization_gap), { 'data-field': 'generalization_gap' }],
    ]);
    const absent = text => [element('p', { class: 'hint' }, text)];
    const part = (kind, ...children) => element('div', { class: 'volume-part', 'data-kind': kind }, ...children);
    const marker = spotlight.pinned === name ? 'pinned' : view.lit === name ? '' : name === run.pair?.bad ? 'the bad one' : '';
    facts.dataset.minimum = name;
    facts.replaceChildren(
      part('minimum', element('h4', {}, swatch, ' ', name, ' ', element('small', {}, marker)), general),
      ...(view.set ? [part('local', ...(point ? local(point) : absent('No local volume is recorded of this minimum.')))] : []),
      ...(view.rays ? [part('rays', ...(ray ? rays(ray) : absent('No rays are recorded of this minimum.')))] : []),
    );
    draw();
  }
  look.on(show);
  return Object.assign(box, { show });
}

/** How far apart good and bad are, as pieces of a sentence. */
function volumeVerdict(view) {
  const bold = (name, text) => element('strong', { 'data-computed': name }, text);
  const said = [];
  const [good, bad] = basins.pair(view.set);
  if (good) {
    const points = [good, bad].map(record => basins.at(record, view.sigma));
    const [a, b] = points;
    said.push(`At σ = ${basins.sigma(view.sigma)}, `);
    if (Number.isFinite(a?.ln_p) && Number.isFinite(b?.ln_p)) {
      const apart = basins.decades(a.ln_p - b.ln_p);
      said.push(`the basins of ${good.minimum} and ${bad.minimum} are `, bold('apart', `${basins.log(Math.abs(apart))} decades`), ' apart');
      if (a.interval && b.interval) {
        const ends = [a.interval[0] - b.interval[1], a.interval[1] - b.interval[0]].map(basins.decades).map(end => (apart < 0 ? -end : end)).sort(d3.ascending);
        said.push(' (', element('span', { 'data-computed': 'apart_interval' }, ends.map(basins.log).join(' to ')), ' between the ends of both 95\u202f% intervals)');
        if (ends[0] <= 0) said.push('; the intervals overlap, so the order is not certain');
        else said.push(apart > 0 ? ', the good one larger' : ', and against the story the bad one is the larger');
      }
      said.push('.');
      [good, bad].forEach((record, i) => {
        const flaw = basins.flaw(points[i]);
        if (flaw) said.push(` ${record.minimum} is ${VOLUME_FLAWS[flaw]}.`);
      });
    } else said.push(`there is no number for ${[good, bad].filter((_, i) => !Number.isFinite(points[i]?.ln_p)).map(record => record.minimum).join(' and ')}.`);
  } else if (view.set?.records.length === 1) {
    const [record] = view.set.records;
    const ln_p = basins.at(record, view.sigma)?.ln_p;
    if (Number.isFinite(ln_p)) said.push(`At σ = ${basins.sigma(view.sigma)}, a random step stays in the basin of ${record.minimum} with a chance of 10 to the power of `, bold('log10_p', basins.log(basins.decades(ln_p))), '.');
  }
  const [rayed, other] = basins.pair(view.rays);
  if (rayed) {
    const apart = rayed.log10_volume - other.log10_volume;
    said.push(said.length ? ' Paper mode says ' : `Paper mode puts ${rayed.minimum} and ${other.minimum} `, element('span', { 'data-computed': 'paper' }, `some ${say.about(Math.abs(apart))} decades`),
      said.length ? '' : ' apart', apart < 0 ? ', the bad one larger' : '');
    const carried = Math.max(rayed.ess, other.ess);
    said.push(rayed.warning || other.warning
      ? `: the difference of two lower bounds, set by the luckiest of ${say.fixed(rayed.directions, 0)} rays (ESS ${say.fixed(carried, 1)}).` : '.');
  }
  if (!said.length) return [];
  return [...said, good || rayed ? ' A decade is a factor of ten.' : '', ' (Computed in this page from the records.)'];
}
