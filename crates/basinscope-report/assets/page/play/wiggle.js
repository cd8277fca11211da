// Two boundaries side by side while the weights of both nets walk equally far.

/** Steps of a walk that the loss curve is drawn from. */
const WALK_STEPS = 121;

/** Seconds from 0 out, back, to the other side and back again. */
const WALK_SECONDS = 8;

/** How far a walk goes each way, by direction: in norms of the weights that move. */
const REACHES = { random: [0.05, 0.1, 0.25, 0.5], top: [0.005, 0.01, 0.02, 0.05, 0.1, 0.25] };
const USUAL_REACH = { random: 0.1, top: 0.01 };

/** What c means, by direction. */
const MEANING = {
  random: 'A random direction is as long as the weights it moves, filter by filter: c = 0.1 changes every unit’s weights by a tenth.',
  top: 'Each net walks along its own eigenvector of the largest eigenvalue of the Hessian, made as long as all its weights and biases together: c = 0.01 is a step of a hundredth of their norm.',
  towards: 'Both walk the straight line between them: at c = 1 each has become the other.',
};

function wiggle(host) {
  const family = run.families.get('run');
  if (!family) return false;
  const names = [...family.nets.keys()];
  const sides = [
    { key: 'left', usual: family.has(run.pair?.good) ? run.pair.good : names[0] },
    { key: 'right', usual: family.has(run.pair?.bad) ? run.pair.bad : names[names.length - 1] },
  ].slice(0, names.length);
  const stiff = new Map(run.eigenvectors.map(record => [record.minimum, record]));

  // --- what is chosen -------------------------------------------------------------------------

  const state = {};
  function readAddress() {
    for (const { key, usual } of sides) {
      const name = address.get(key, usual);
      state[key] = family.has(name) ? name : usual;
    }
    state.along = address.get('along', 'random');
    if (!choices().some(([key]) => key === state.along)) state.along = 'random';
    state.draw = Math.max(1, Math.round(address.get('draw', 1)));
    const reach = address.get('walk', 0);
    state.reach = REACHES[state.along]?.includes(reach) ? reach : USUAL_REACH[state.along] ?? 1;
    state.c = clamp(address.get('c', 0));
  }
  const ends = () => (state.along === 'towards' ? [0, 1] : [-state.reach, state.reach]);
  /** Decimals that tell one step of the slider from the next. */
  const digits = () => (ends()[1] < 0.05 ? 5 : 3);
  const clamp = c => Math.min(Math.max(c, ends()[0]), ends()[1]);
  function choices() {
    const open = [['random', 'a random direction']];
    if (sides.every(({ key }) => stiff.has(state[key]))) open.push(['top', 'the stiffest direction (top eigenvector)']);
    if (sides.length === 2 && state.left !== state.right) open.push(['towards', 'towards each other']);
    return open;
  }
  function remember() {
    address.set({
      along: state.along, draw: state.draw, c: Number(state.c.toFixed(6)),
      walk: state.along === 'towards' || state.reach === USUAL_REACH[state.along] ? 0 : state.reach,
      ...Object.fromEntries(sides.map(({ key }) => [key, state[key]])),
    }, 'boundaries');
  }

  // --- walks ----------------------------------------------------------------------------------

  /** Direction of a side, and the loss and accuracy along it. */
  function walk(side) {
    const theta = family.theta(state[side.key]);
    let direction;
    if (state.along === 'towards') {
      const other = family.theta(state[side.key === 'left' ? 'right' : 'left']);
      direction = theta.map((w, i) => other[i] - w);
    } else if (state.along === 'top') {
      direction = scaled(floats(stiff.get(state[side.key]).vectors[0]), norm(theta));
    } else {
      direction = filterNormalized(family.net, theta, state.draw);
    }
    const c = d3.range(WALK_STEPS).map(i => ends()[0] + ((ends()[1] - ends()[0]) * i) / (WALK_STEPS - 1));
    const at = new Float32Array(theta.length);
    return { theta, direction, at, points: c.map(c => ({ c, ...family.score(moved(theta, [c], [direction], at)) })) };
  }

  // --- the parts ------------------------------------------------------------------------------

  const stage = element('div', {});
  const pair = element('div', { class: sides.length === 2 ? 'stage side-by-side' : 'stage single' });
  for (const side of sides) {
    side.title = element('h4', { 'data-shot': true });
    side.canvas = family.window && element('canvas', {});
    side.readings = element('dl', { class: 'readings' });
    pair.append(element('div', { class: 'wiggle-side' }, side.title, side.canvas, side.readings));
    side.view = side.canvas && new BoundaryView(side.canvas, family, '');
  }
  const plot = element('div', { class: 'plot wiggle-plot' });
  const keys = element('div');
  const status = controls.status();
  const hint = element('p', { class: 'hint' });

  const selects = sides.map(side => controls.select(side.key === 'left' ? 'Left net' : 'Right net',
    [...family.nets.values()].map(net => [net.name, `${net.name} (test ${say.percent(net.test_accuracy)})`]), side.usual,
    name => change({ [side.key]: name })));
  const along = controls.select('Walk along', [['random', '']], 'random', value => change({ along: value, reach: USUAL_REACH[value] ?? 1, c: 0 }));
  const fresh = controls.button('New direction', () => change({ draw: state.draw + 1, along: 'random' }));
  const reach = controls.select('As far as', [], '', value => change({ reach: Number(value) }));
  const slider = controls.slider('Step size c', { min: -1, max: 1, step: 0.001, value: 0, text: c => say.fixed(c, digits()) }, c => {
    player.toggle(false);
    step(c);
  });
  let phase = 0;
  const player = controls.player('walk out and back', seconds => {
    phase = (phase + seconds / WALK_SECONDS) % 1;
    const [low, high] = ends();
    const middle = state.along === 'towards' ? 0.5 : 0;
    const wave = state.along === 'towards' ? -Math.cos(2 * Math.PI * phase) / 2 : Math.sin(2 * Math.PI * phase) * high;
    step(Math.min(Math.max(middle + wave, low), high), true);
  });
  player.addEventListener('paused', () => step(state.c));
  player.addEventListener('playing', () => {
    // From where c stands, on the way out.
    const share = state.c / ends()[1];
    phase = state.along === 'towards' ? Math.acos(1 - 2 * share) / (2 * Math.PI) : Math.asin(share) / (2 * Math.PI);
    phase = (phase + 1) % 1;
  });

  // --- drawing --------------------------------------------------------------------------------

  let curve;
  let mounted = false;
  function change(changes) {
    Object.assign(state, changes);
    if (!choices().some(([key]) => key === state.along)) Object.assign(state, { along: 'random', reach: USUAL_REACH.random });
    state.c = clamp(state.c);
    rebuild();
    remember();
  }

  function rebuild() {
    sides.forEach((side, i) => {
      side.walk = walk(side);
      const net = family.nets.get(state[side.key]);
      selects[i].select.value = net.name;
      side.color = look.minimum(net.test_accuracy);
      side.title.textContent = `${net.name} · test ${say.percent(net.test_accuracy)}`;
    });
    along.select.replaceChildren(...choices().map(([value, text]) => element('option', { value, selected: value === state.along }, text)));
    along.select.value = state.along;
    keys.replaceChildren();
    legend(keys, sides.map(side => ({ color: side.color, text: state[side.key], shape: side.key === 'right' ? 'dashed' : 'line' })));
    const same = state.along === 'random' && sides.length === 2 ? ' Both nets take the same draw.' : '';
    hint.textContent = `${MEANING[state.along]}${same} All of it is computed in this page from the weights. Drag on the curves or on a boundary, too.`;
    reach.hidden = state.along === 'towards';
    fresh.hidden = state.along !== 'random';
    reach.select.replaceChildren(...(REACHES[state.along] ?? []).map(value =>
      element('option', { value, selected: value === state.reach }, `± ${value} of the weights’ norm`)));
    [slider.range.min, slider.range.max] = ends();
    slider.range.step = (ends()[1] - ends()[0]) / 1000;
    curve?.redraw();
    step(state.c);
  }

  /** Moves both nets to c. */
  function step(c, moving = player.playing || dragging) {
    state.c = c;
    slider.set(c);
    sides.forEach(side => {
      const { theta, direction, at } = side.walk;
      moved(theta, [c], [direction], at);
      const score = side.view ? side.view.draw(at, { moving }) : family.score(at);
      side.score = { c, ...score, test_accuracy: family.score(at, 'test').accuracy };
      const facts = [['train loss (nats)', 'loss', say.significant(score.loss, 3)],
        ['train accuracy', 'accuracy', say.percent(score.accuracy)],
        ['test accuracy', 'test_accuracy', say.percent(side.score.test_accuracy)]];
      tell(side.readings, facts, state[side.key]);
      side.dot?.attr('cx', side.x(c)).attr('cy', side.y(side.score.loss));
    });
    if (moving) return;
    for (const side of sides) {
      if (side.view) side.view.label = `Decision boundary of ${state[side.key]} at c = ${say.fixed(c, digits())}, with the training points.`;
    }
    if (!mounted) return;
    status.say(`c = ${say.fixed(c, digits())}. ${sides.map(side =>
      `${state[side.key]}: loss ${say.significant(side.score.loss, 3)} nats, train accuracy ${say.percent(side.score.accuracy)}`).join('; ')}.`);
    remember();
  }

  /** Writes readings into a list without making its elements anew at each frame. */
  function tell(list, facts, minimum) {
    if (list.children.length !== facts.length) {
      list.replaceChildren(...facts.map(([label, field]) => element('div', {},
        element('dt', {}, label), element('dd', { 'data-field': field }, ''))));
    }
    facts.forEach(([, , value], i) => { list.children[i].lastChild.textContent = value; });
    list.dataset.minimum = minimum;
  }

  function drawCurve(frame) {
    const { svg, left, right, top, bottom } = frame;
    const losses = sides.flatMap(side => side.walk.points.map(point => point.loss));
    const x = d3.scaleLinear(ends(), [left, right]);
    const floor = Math.max(Math.min(d3.min(losses), run.cutoff) / 1.5, 1e-6);
    const y = d3.scaleLog([floor, Math.min(Math.max(d3.max(losses) * 1.5, 2 * run.cutoff), 1e3)], [bottom, top]).clamp(true);
    axes(frame, {
      x: { scale: x, label: 'step size c along the direction' },
      y: { scale: y, label: 'train loss (nats)', values: powers(y.domain()), format: power },
    });
    const line = svg.append('g').attr('aria-hidden', 'true');
    line.append('line').attr('x1', left).attr('x2', right).attr('y1', y(run.cutoff)).attr('y2', y(run.cutoff))
      .attr('stroke', look.muted).attr('stroke-dasharray', '5 4');
    const name = line.append('text').attr('x', right - 4).attr('y', y(run.cutoff) - 5).attr('text-anchor', 'end')
      .attr('font-size', 12).attr('fill', look.muted).attr('stroke', look.paper).attr('stroke-width', 4).attr('paint-order', 'stroke')
      .text(`cutoff ${run.cutoff} nats`);
    const path = d3.line(point => x(point.c), point => y(Math.max(point.loss, floor)));
    for (const side of sides) {
      line.append('path').attr('d', path(side.walk.points)).attr('fill', 'none').attr('stroke', side.color)
        .attr('stroke-width', 2.2).attr('stroke-dasharray', side.key === 'right' ? '7 3' : null);
    }
    name.raise();
    for (const side of sides) {
      Object.assign(side, { x, y: loss => y(Math.max(loss, floor)) });
      const loss = side.score?.loss ?? floor;
      side.dot = svg.append('circle').attr('class', `dot-${side.key}`).attr('r', 6.5).attr('fill', side.color)
        .attr('stroke', look.paper).attr('stroke-width', 2).attr('cx', x(state.c)).attr('cy', side.y(loss));
    }
    dragAlong(svg.append('rect').attr('x', left).attr('y', top).attr('width', right - left).attr('height', bottom - top)
      .attr('fill', 'transparent').style('cursor', 'ew-resize').style('touch-action', 'pan-y').node(), event => clamp(x.invert(d3.pointer(event, svg.node())[0])));
  }

  let dragging = false;
  /** Dragging sideways over `node` sets c to what `at(event, start)` says. */
  function dragAlong(node, at) {
    let start = null;
    dragOver(node, {
      begin: event => { start = { x: event.clientX, c: state.c }; },
      move: event => {
        player.toggle(false);
        dragging = true;
        step(at(event, start));
      },
      end: () => {
        dragging = false;
        step(state.c);
      },
    });
  }

  // --- putting it together --------------------------------------------------------------------

  readAddress();
  stage.append(pair, ...classKeys(family), plot, keys);
  host.append(
    controls.row(player, slider),
    stage,
    controls.row(along, fresh, reach, ...(names.length > 1 ? selects : [])),
    hint,
    saveRow('wiggle', {
      stage,
      state: () => ({ ...state }),
      rows: () => sides.flatMap(side => side.walk.points.map(({ c, loss, accuracy }) =>
        ({ minimum: state[side.key], along: state.along, draw: state.draw, c, train_loss: loss, train_accuracy: accuracy }))),
    }),
    status,
  );
  sides.forEach(side => { side.walk = walk(side); });
  rebuild();
  curve = chart(plot, { label: 'Loss of both nets along the walk, with a dot where they are', aspect: 0.3, tallest: 300 }, drawCurve);
  for (const side of sides) {
    if (!side.canvas) continue;
    side.canvas.style.cursor = 'ew-resize';
    dragAlong(side.canvas, (event, start) =>
      clamp(start.c + ((ends()[1] - ends()[0]) * (event.clientX - start.x)) / side.canvas.clientWidth));
  }
  // From here on a change is the reader's, and goes into the address.
  mounted = true;
  const again = () => {
    mounted = false;
    rebuild();
    mounted = true;
  };
  address.onChange(() => { readAddress(); again(); });
  look.on(again);
  return true;
}
