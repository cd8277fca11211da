// What the colours and sides of a drawn plane are called, where the data has names.

/** As many classes as there are colours; more would repeat them. */
const MOST_KEYS = CLASSES.length;

/** Names of the classes by colour and of the two features, as elements; none where the data has no names. */
function classKeys({ window, names }) {
  const { classes = [], features = [] } = names;
  if (!window || (!classes.length && !features.length)) return [];
  const list = element('ul', { class: 'legend' });
  const sides = features.length
    ? element('p', { class: 'hint', 'data-shot': true }, `Across: ${features[0]}; upwards: ${features[1]}.`)
    : null;
  const paint = () => list.replaceChildren(...classes.slice(0, MOST_KEYS).map((name, label) => {
    const svg = d3.create('svg').attr('width', 14).attr('height', 14).attr('aria-hidden', 'true');
    svg.append('circle').attr('cx', 7).attr('cy', 7).attr('r', 5.5).attr('fill', look.classColor(label));
    return element('li', {}, svg.node(), element('span', { 'data-shot': true }, name));
  }), ...(classes.length > MOST_KEYS ? [element('li', {}, `and ${classes.length - MOST_KEYS} more`)] : []));
  paint();
  look.on(paint);
  return [element('div', { class: 'class-keys' }, list, sides)];
}
