// Keeps a served page up to date: asks for the stamp of what it shows, and reloads when that changed.
(() => {
  'use strict';
  const EVERY = 2000; // ms
  const TRIES = 5;
  const { poll, stamp } = document.currentScript.dataset;
  const place = `basinscope ${location.pathname}`;
  const focusable = () => [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')];

  const note = document.createElement('p');
  note.setAttribute('role', 'status');
  note.style.cssText = 'position: fixed; right: .75rem; bottom: .75rem; margin: 0; padding: .2rem .7rem; z-index: 3;'
    + 'border: 1px solid var(--line, GrayText); border-radius: 4px; background: var(--raised, Canvas);'
    + 'color: var(--ink, CanvasText); font-size: .875rem; pointer-events: none;';
  function say(text) {
    note.textContent = text;
    note.style.visibility = text ? 'visible' : 'hidden';
  }
  say('');
  document.body.append(note);

  /** The section in view and how far it is scrolled, since what stands above may have grown. */
  function reading() {
    const sections = [...document.querySelectorAll('section[id]')];
    const section = sections.findLast(each => each.getBoundingClientRect().top <= innerHeight / 3);
    return section ? { id: section.id, below: section.getBoundingClientRect().top } : null;
  }
  function keep() {
    const boxes = [...document.querySelectorAll('details')].map(box => box.open);
    const state = { x: scrollX, y: scrollY, at: reading(), focus: focusable().indexOf(document.activeElement), boxes };
    try { sessionStorage.setItem(place, JSON.stringify(state)); } catch { /* storage is shut: the browser's own memory must do */ }
  }
  function restore() {
    let state;
    try {
      state = JSON.parse(sessionStorage.getItem(place));
      sessionStorage.removeItem(place);
    } catch { /* as above */ }
    if (!state) return;
    document.querySelectorAll('details').forEach((box, index) => { box.open = state.boxes[index] ?? box.open; });
    focusable()[state.focus]?.focus({ preventScroll: true });
    const section = state.at && document.getElementById(state.at.id);
    const top = section ? section.getBoundingClientRect().top + scrollY - state.at.below : state.y;
    scrollTo({ left: state.x, top, behavior: 'instant' });
    // A status is read out only if it changes once it stands in the page.
    setTimeout(() => say(`Updated at ${new Date().toLocaleTimeString('en-GB')}`), 300);
    setTimeout(() => failures || say(''), 6000);
  }

  let failures = 0;
  let asking = false;
  let timer;
  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  }
  async function ask() {
    if (document.hidden || asking) return; // asked again once the page is seen
    asking = true;
    try {
      const response = await fetch(poll, { cache: 'no-store', signal: AbortSignal.timeout(10000) });
      if (response.status === 404) { // the run is gone, or has become several
        location.replace('/');
        return;
      }
      if (!response.ok) throw new Error(response.statusText);
      const answer = await response.json();
      if (failures) say('');
      failures = 0;
      for (const [id, text] of Object.entries(answer.texts ?? {})) {
        const element = document.getElementById(id);
        if (element) element.textContent = text;
      }
      if (answer.stamp !== stamp && !document.querySelector('button:active, input:active, summary:active, svg:active, canvas:active')) {
        keep();
        location.reload();
        return;
      }
      later(EVERY);
    } catch {
      failures += 1;
      say('No longer live: the server does not answer');
      if (failures < TRIES) later(EVERY * 2 ** failures);
    } finally {
      asking = false;
    }
  }
  document.addEventListener('visibilitychange', () => failures < TRIES && ask());
  if (document.readyState === 'complete') restore(); else addEventListener('load', restore);
  later(EVERY);
})();
