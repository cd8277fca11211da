// Which minimum is lit: hovering or pinning one anywhere lights it everywhere.

const spotlight = (() => {
  const listeners = [];
  let hovered = null;
  let pinned = address.get('pin', '') || null;
  const tell = () => listeners.forEach(listener => listener(hovered ?? pinned, pinned));

  const self = {
    /** Name of the lit minimum, or null. */
    get lit() { return hovered ?? pinned; },
    get pinned() { return pinned; },
    /** Lights a minimum while the pointer or the focus is on it; null when it has left. */
    light(name) {
      if (hovered === name) return;
      hovered = name;
      tell();
    },
    /** Pins a minimum, or unpins it. */
    pin(name, station) {
      pinned = pinned === name ? null : name;
      address.set({ pin: pinned ?? '' }, station);
      tell();
    },
    /** Calls back with (lit, pinned) at each change. */
    on(listener) { listeners.push(listener); },
  };

  address.onChange(() => {
    pinned = address.get('pin', '') || null;
    tell();
  });

  // Rows of tables take part.
  document.querySelectorAll('tr[data-minimum]').forEach(row => {
    row.addEventListener('pointerenter', () => self.light(row.dataset.minimum));
    row.addEventListener('pointerleave', () => self.light(null));
  });
  const lightRows = name => {
    document.querySelectorAll('tr.lit').forEach(row => row.classList.remove('lit'));
    if (name) document.querySelectorAll(`tr[data-minimum="${CSS.escape(name)}"]`).forEach(row => row.classList.add('lit'));
  };
  self.on(lightRows);
  lightRows(self.lit);
  return self;
})();
