// Plain HTML controls, each with its label.

/** An element with attributes and children. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

let ids = 0;
const freshId = () => `play-${(ids += 1)}`;

const controls = {
  /** A group of controls in a row. */
  row: (...children) => element('div', { class: 'controls' }, ...children),

  button: (text, press, attributes = {}) => element('button', { type: 'button', click: press, ...attributes }, text),

  /** A labelled select of [value, text] pairs, or of groups of them as [label, pairs]. */
  select(label, options, value, change) {
    const id = freshId();
    const select = element('select', { id, change: () => change(select.value) },
      ...options.map(([key, text]) => (Array.isArray(text)
        ? element('optgroup', { label: key }, ...text.map(([key, text]) => element('option', { value: key, selected: key === value }, text)))
        : element('option', { value: key, selected: key === value }, text))));
    const box = element('div', { class: 'control' }, element('label', { for: id }, label), select);
    return Object.assign(box, { select });
  },

  /** A labelled slider; `text(value)` is what stands beside it and what a screen reader says. */
  slider(label, { min, max, step, value, text = String }, input) {
    const id = freshId();
    const shown = element('output', { for: id });
    const range = element('input', {
      id, type: 'range', min, max, step,
      input: () => { tell(); input(Number(range.value)); },
    });
    range.value = value;
    const tell = () => {
      shown.textContent = text(Number(range.value));
      range.setAttribute('aria-valuetext', shown.textContent);
    };
    tell();
    const box = element('div', { class: 'control wide' }, element('label', { for: id }, label), range, shown);
    return Object.assign(box, {
      range,
      /** Moves the slider without calling back. */
      set(next) { range.value = next; tell(); },
    });
  },

  /** A play button; `frame(seconds)` is called with the time since the last frame while it plays. */
  player(label, frame) {
    let playing = false;
    let last = 0;
    const tick = now => {
      if (!playing) return;
      // The first frame may be dated before the press.
      frame(Math.min(Math.max((now - last) / 1000, 0), 0.1));
      last = now;
      requestAnimationFrame(tick);
    };
    const button = controls.button('▶ Play', () => self.toggle(), { 'aria-label': `Play: ${label}` });
    const self = Object.assign(button, {
      get playing() { return playing; },
      toggle(on = !playing) {
        if (on === playing) return;
        playing = on;
        last = performance.now();
        button.textContent = on ? '❚❚ Pause' : '▶ Play';
        button.setAttribute('aria-label', `${on ? 'Pause' : 'Play'}: ${label}`);
        button.classList.toggle('playing', on);
        button.dispatchEvent(new Event(on ? 'playing' : 'paused'));
        if (on) requestAnimationFrame(tick);
      },
    });
    return self;
  },

  /** A line that a screen reader reads when it changes; `say(text)` waits until things are still. */
  status() {
    const line = element('p', { class: 'visually-hidden', role: 'status' });
    let timer = 0;
    return Object.assign(line, {
      say(text) {
        clearTimeout(timer);
        timer = setTimeout(() => { line.textContent = text; }, 500);
      },
    });
  },

  /** A list of facts: [label, value, attributes of the value]. */
  facts(entries) {
    return element('dl', { class: 'readings' }, ...entries.map(([label, value, attributes = {}]) =>
      element('div', {}, element('dt', {}, label), element('dd', attributes, value))));
  },
};
