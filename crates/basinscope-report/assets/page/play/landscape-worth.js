// What one plane is worth: its share of the curvature, and how much other planes would have differed.

/** A share in so many significant digits of a percentage. */
const smallPercent = (share, digits = 2) => `${say.significant(100 * share, digits)}${THIN}%`;

/**
 * The honest part in `host`. `get()` says {plane, section}: what is shown, and the cross-section
 * of its basin where it was computed in this page; `drawn` are those of random planes drawn so far:
 * {minimum, seed, section}. Returns {tell}, to be called when any of it has changed.
 */
function landscapeWorth(host, { family, planes, drawn, get }) {
  const said = element('div', { class: 'landscape-said' });
  const strip = element('div');
  host.append(element('h4', {}, 'What one plane is worth'), said, strip);
  let picture = null;
  let tellKeys = null;

  const dots = () => [...family.nets.values()].flatMap(({ name, test_accuracy }) => {
    const worth = planes.surface(name)?.worth;
    const dot = (kind, section, more = {}) => ({ minimum: name, test_accuracy, kind, cross_section: section, ...more });
    return [
      ...(worth ? worth.other_cross_sections.map(section => dot('other', section)) : []),
      ...drawn.filter(each => each.minimum === name).map(({ seed, section }) => dot('drawn', section, { seed })),
      ...(worth ? [dot('recorded', worth.cross_section)] : []),
    ];
  }).filter(dot => dot.cross_section > 0);

  function build() {
    const plot = element('div', { class: 'plot' });
    const keys = element('div');
    const stage = element('div', {}, plot, keys);
    strip.append(element('p', { class: 'hint' },
      'Each mark is one random plane: the area of its basin (loss at most the cutoff) as seen from the minimum, in units of d₁ and d₂.'),
    stage, saveRow('landscape-planes', { stage, rows: dots }));
    const rows = () => [...d3.group(dots(), dot => dot.minimum)];
    picture = chart(plot, {
      label: 'Areas of the basin in random planes, minimum by minimum',
      aspect: 0, tallest: 60 + 34 * Math.max(rows().length, 1), shortest: 60 + 34 * Math.max(rows().length, 1),
      margin: { left: 96, right: 20, top: 8, bottom: 48 },
    }, frame => drawStrip(frame, rows(), get().plane));
    picture.rows = rows().length;
    tellKeys = () => {
      const kinds = new Set(dots().map(dot => dot.kind));
      keys.replaceChildren();
      legend(keys, [
        { kind: 'recorded', color: 'var(--ink)', text: 'the recorded plane', shape: 'diamond' },
        { kind: 'other', color: 'var(--muted)', text: 'others, recorded', shape: 'hollow' },
        { kind: 'drawn', color: MARKER_COLOR, text: 'drawn in this page', shape: 'disc' },
      ].filter(({ kind }) => kinds.has(kind)));
    };
  }

  return {
    tell() {
      said.replaceChildren(...worthSentences(family, planes, get()));
      said.dataset.minimum = get().plane.name;
      const rows = new Set(dots().map(dot => dot.minimum)).size;
      strip.hidden = rows === 0;
      if (rows === 0) return;
      if (picture?.rows !== rows) {
        strip.replaceChildren();
        build();
      } else picture.redraw();
      tellKeys();
    },
  };
}

function drawStrip(frame, rows, shown) {
  const { svg, left, right, top, bottom } = frame;
  const all = rows.flatMap(([, dots]) => dots.map(dot => dot.cross_section));
  const x = d3.scaleLog([d3.min(all) / 1.6, d3.max(all) * 1.6], [left, right]);
  const y = d3.scaleBand(rows.map(([name]) => name), [top, bottom]);
  const inside = powers(x.domain());
  const values = inside.length > 1 ? inside : x.ticks(4);
  axes(frame, {
    x: { scale: x, label: 'area of the basin in the plane', values, format: inside.length > 1 ? power : value => say.significant(value, 2) },
    y: { scale: y, label: '', values: [] },
  });
  for (const [name, dots] of rows) {
    const middle = y(name) + y.bandwidth() / 2;
    const here = name === shown.name;
    const short = name.length > 13 ? `${name.slice(0, 12)}…` : name;
    svg.append('text').attr('x', left - 8).attr('y', middle).attr('dy', '0.35em').attr('text-anchor', 'end').attr('font-size', 13)
      .attr('font-weight', here ? 600 : 400).attr('fill', look.minimum(dots[0].test_accuracy)).text(short).append('title').text(name);
    const group = svg.append('g').attr('class', 'landscape-dots').attr('data-minimum', name);
    for (const dot of dots) {
      const mark = group.append(dot.kind === 'recorded' ? 'rect' : 'circle').attr('class', dot.kind);
      const at = x(dot.cross_section);
      if (dot.kind === 'recorded') {
        mark.attr('x', at - 5).attr('y', middle - 5).attr('width', 10).attr('height', 10).attr('fill', look.ink)
          .attr('stroke', look.paper).attr('stroke-width', 1.5).attr('transform', `rotate(45 ${at} ${middle})`);
      } else {
        const ours = dot.kind === 'drawn';
        mark.attr('cx', at).attr('cy', middle).attr('r', ours ? 5 : 4.5)
          .attr('fill', ours ? MARKER_COLOR : 'none').attr('stroke', ours ? look.paper : look.muted).attr('stroke-width', 1.4);
        if (ours && here && shown.key === String(dot.seed)) {
          group.append('circle').attr('cx', at).attr('cy', middle).attr('r', 9).attr('fill', 'none').attr('stroke', MARKER_COLOR).attr('stroke-width', 1.6);
        }
      }
      mark.append('title').text(`${name}, ${{ recorded: 'the recorded plane', other: 'another random plane, recorded', drawn: `random plane ${dot.seed}, drawn in this page` }[dot.kind]}: ${say.significant(dot.cross_section, 3)}`);
    }
  }
}

/** What is known of a plane, in sentences. */
function worthSentences(family, planes, { plane, section }) {
  const worth = planes.surface(plane.name)?.worth ?? null;
  const field = (name, text) => element('strong', { 'data-field': name }, text);
  const n = say.fixed(plane.theta.length, 0);
  const sentences = [];
  const add = (...parts) => sentences.push(element('p', {}, ...parts));
  const chance = () => worth && ['; of n = ', n, ' dimensions, a plane in any direction at random (biases included) holds 2/n = ', field('chance_share', smallPercent(worth.chance_share)), ' on average. '];
  const others = () => {
    const [least, most] = d3.extent(worth.other_cross_sections);
    return ['in ', String(worth.other_cross_sections.length), ' other random planes between ', field('least_other', say.significant(least)), ' and ', field('most_other', say.significant(most))];
  };
  if (plane.key === 'recorded' && worth) {
    add('This plane holds ', field('share_of_trace', smallPercent(worth.share_of_trace)), ' of the curvature (the trace of the Hessian, ',
      field('trace', say.significant(worth.trace)), ' ± ', field('trace_standard_error', say.significant(worth.trace_standard_error, 2)), ')', ...chance(),
      'The rest of the landscape is not in this picture. Curvature along its directions: ',
      field('curvature', worth.curvature.map(each => say.significant(each)).join(' and ')), '; along the stiffest of all ',
      field('top_eigenvalue', say.significant(worth.top_eigenvalue)), ' (nats per squared unit of length).');
    add('The basin (loss at most ', String(worth.cutoff), ' nats) takes ', field('area_below_cutoff', smallPercent(worth.area_below_cutoff)),
      ' of the nodes of the recorded square of ', say.significant(planes.surface(plane.name).x.from, 2), ' to ', say.significant(planes.surface(plane.name).x.to, 2), ', ', String(planes.surface(plane.name).x.count), ' × ', String(planes.surface(plane.name).y.count),
      ' of them (a basin smaller than a mesh counts as one). Its area, seen from the minimum, is ', field('cross_section', say.significant(worth.cross_section)), '; ', ...others(), '.');
  } else if (plane.key === 'stiff') {
    const { eigenvalues } = planes.stiff(plane.name);
    add('The two directions in which the loss curves most, λ₁ = ', field('eigenvalue_1', say.significant(eigenvalues[0])), ' and λ₂ = ', field('eigenvalue_2', say.significant(eigenvalues[1])),
      ' nats per squared unit of length',
      ...(worth ? [': they alone hold ', field('share_of_trace', smallPercent((eigenvalues[0] + eigenvalues[1]) / worth.trace, 3)), ' of the curvature (the trace of the Hessian)', ...chance()] : ['. ']),
      'Both are unit vectors, drawn as long as θ: a = 0.1 walks a tenth of |θ|.');
    if (section) {
      add('The area of the basin in this plane is ', field('computed_section', say.significant(section)), ' in units of |θ|², computed in this page',
        ...(worth ? ['; in the recorded random plane it is ', field('cross_section', say.significant(worth.cross_section)), ', by directions about as long'] : []), '.');
    }
  } else if (plane.key === 'towards') {
    const length = Math.sqrt(plane.products[0]);
    add(`Along a lies the straight line to ${planes.other(plane.name)}, `, say.significant(length), ' away: ',
      say.significant(length / norm(plane.theta)), ' times |θ|. A straight line sees a wall where a curved path may find a pass. The other direction is random.');
  } else {
    const which = plane.key === 'recorded' ? 'The recorded random plane' : 'Random plane, drawn and computed in this page';
    add(...(section === null ? ['The area of the basin in this plane is being computed …'] : [which, '. The area of the basin in it, seen from the minimum, is ',
      field('computed_section', say.significant(section))]),
    ...(section !== null && worth ? ['; in the recorded plane it is ', field('cross_section', say.significant(worth.cross_section)), ', ', ...others()] : []),
    ...(section === null ? [] : [`. One plane shows 2 of ${n} dimensions: draw several before you trust one.`]));
  }
  return sentences;
}
