// Colours of the page, read from its style so that light and dark follow it.

const CLASSES = ['#0072b2', '#e07b00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#c9b900', '#7a7a7a'];

const look = (() => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const listeners = [];
  const variable = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const lifted = color => (dark.matches ? d3.interpolateRgb(color, '#fff')(0.28) : color);
  const byAccuracy = d3.piecewise(d3.interpolateRgb, ['#d55e00', '#a8709c', '#0072b2']);
  dark.addEventListener('change', () => listeners.forEach(listener => listener()));
  return {
    get dark() { return dark.matches; },
    /** Whether the reader asked for less motion. */
    get calm() { return calm.matches; },
    get paper() { return variable('--paper'); },
    get ink() { return variable('--ink'); },
    get muted() { return variable('--muted'); },
    get line() { return variable('--line'); },
    get good() { return variable('--good'); },
    get bad() { return variable('--bad'); },
    /** A colour of data, lifted where the paper is dark. */
    data: lifted,
    /** Colour of a class. */
    classColor: label => lifted(CLASSES[label % CLASSES.length]),
    /** Colour of a minimum: blue at 100 % test accuracy, through mauve, to vermilion at 0. */
    minimum: accuracy => lifted(byAccuracy(Math.min(Math.max(accuracy, 0), 1))),
    /** Losses: viridis, dark where low. */
    loss: share => d3.interpolateViridis(Math.min(Math.max(share, 0), 1)),
    /** How much of its class's colour a region takes where the net is certain. */
    get fieldStrength() { return dark.matches ? 0.46 : 0.42; },
    /** Called when light turns to dark. */
    on(listener) { listeners.push(listener); },
  };
})();
