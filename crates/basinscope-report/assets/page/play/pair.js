// The mystery in one picture: two boundaries that are right about the same points.

function pair(host) {
  const family = run.families.get('run');
  const names = run.pair && [run.pair.good, run.pair.bad];
  if (!family?.window || !names?.every(name => family.has(name))) return false;
  const stage = element('div', { class: 'stage side-by-side' });
  for (const name of names) {
    const { train_accuracy: train, test_accuracy: test } = family.nets.get(name);
    const canvas = element('canvas', {});
    stage.append(element('div', {},
      element('p', { class: 'pair-name', 'data-shot': true, 'data-minimum': name },
        element('strong', { class: name === run.pair.good ? 'good' : 'bad' }, name), ` train ${say.percent(train)}, test ${say.percent(test)}`),
      canvas));
    const view = new BoundaryView(canvas, family, `Decision boundary of ${name}, with the training points: train ${say.percent(train)}, test ${say.percent(test)}.`);
    // Its size comes with its place in the page; it is drawn again then.
    view.draw(family.theta(name));
  }
  stage.append(...classKeys(family));
  host.append(stage,
    element('p', { class: 'hint' }, 'Dots are the training points. Where a net would answer with the blue class, the plane is blue. Both are right about '
      + 'all dots that are not crossed out; between them, only one has got the idea.'),
    saveRow('pair', {
      stage,
      rows: () => names.map(name => {
        const { train_loss, train_accuracy, test_loss, test_accuracy } = family.nets.get(name);
        return { minimum: name, train_loss, train_accuracy, test_loss, test_accuracy };
      }),
    }));
  return true;
}
