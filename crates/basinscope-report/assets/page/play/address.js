// The state of the page in its address: #station?key=value&…, so that a link shows the same view.

const address = (() => {
  const values = new Map();
  const defaults = new Map();
  const listeners = [];
  let station = '';
  let timer = 0;

  function parse() {
    const [anchor, query] = location.hash.slice(1).split('?');
    station = anchor;
    return query === undefined ? null : new Map(new URLSearchParams(query));
  }

  function write() {
    clearTimeout(timer);
    timer = 0;
    const query = new URLSearchParams();
    for (const [key, value] of values) {
      if (value !== null && String(value) !== String(defaults.get(key) ?? '')) query.set(key, value);
    }
    const text = query.toString();
    const hash = text ? `#${station}?${text}` : station && `#${station}`;
    if (hash !== location.hash) history.replaceState(null, '', hash || location.pathname + location.search);
  }

  for (const [key, value] of parse() ?? []) values.set(key, value);

  addEventListener('hashchange', () => {
    const read = parse();
    if (read === null) {
      write(); // A link of the table of contents: the view stays as it is.
      return;
    }
    for (const key of values.keys()) if (!read.has(key)) values.set(key, defaults.get(key) ?? null);
    for (const [key, value] of read) values.set(key, value);
    show();
    listeners.forEach(listener => listener());
  });

  function show() {
    if (location.hash.includes('?')) document.getElementById(station)?.scrollIntoView({ behavior: 'instant' });
  }

  return {
    /** The value of a key, of the fallback's type; the fallback is left out of the address. */
    get(key, fallback) {
      defaults.set(key, fallback);
      const value = values.get(key) ?? null;
      if (value === null || value === '') return fallback;
      if (typeof fallback !== 'number') return String(value);
      return Number.isFinite(Number(value)) ? Number(value) : fallback;
    },
    /** Sets keys, and which station the address names. */
    set(changes, where = station) {
      station = where;
      for (const [key, value] of Object.entries(changes)) values.set(key, value);
      // Browsers refuse more than about a hundred changes in half a minute.
      if (!timer) timer = setTimeout(write, 400);
    },
    /** Called when somebody else changed the address: a link, or the browser's back. */
    onChange(listener) { listeners.push(listener); },
    /** Scrolls to the station of an address that carries state, which the browser cannot. */
    show,
  };
})();
