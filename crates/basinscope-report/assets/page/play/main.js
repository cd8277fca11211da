// Brings the page to life: each place marked data-play gets its widget, or keeps its still pictures.

const widgets = { pair, minefield, wiggle, landscape, volume };

for (const place of document.querySelectorAll('[data-play]')) {
  const live = place.querySelector('.live');
  live.hidden = false;
  try {
    // False where the run lacks what it needs.
    live.hidden = widgets[place.dataset.play](live) === false;
    document.querySelectorAll(`[data-replaced-by="${place.dataset.play}"]`).forEach(figure => { figure.hidden = !live.hidden; });
  } catch (error) {
    live.hidden = true;
    live.replaceChildren();
    console.warn(`${place.dataset.play}: ${error.message}`);
  }
}
saveStills();
address.show();
document.documentElement.dataset.ready = 'yes';

// For the curious, in the browser's console: basinscope.run.families.get('run').score(θ), and so on.
globalThis.basinscope = { run, Cloud, moved, filterNormalized, address, spotlight };
