// Dragging, the same over every chart: a mouse acts at once, a finger that scrolls past changes nothing.

/** Pixels that a finger moves sideways before it drags. */
const DRAG_FROM = 6;

/**
 * Calls `move(event, down)` while the pointer is down on `node`, at most once a frame, then `end()`.
 * A mouse acts from where it is pressed on; a finger once it moves sideways, or on a tap, or at once
 * on what is made to be dragged (touch-action: none). `begin(down)` may refuse by returning false.
 */
function dragOver(node, { begin = () => true, move, end = () => {} }) {
  const held = target => {
    for (let at = target; at && at !== node.parentElement; at = at.parentElement) {
      if (getComputedStyle(at).touchAction === 'none') return true;
    }
    return false;
  };
  // Inside an SVG, browsers do not honour touch-action.
  node.addEventListener('touchstart', event => held(event.target) && event.preventDefault(), { passive: false });
  node.addEventListener('pointerdown', down => {
    if (down.button !== 0 || begin(down) === false) return;
    let acting = down.pointerType !== 'touch' || held(down.target);
    let latest = null;
    let frame = 0;
    node.setPointerCapture(down.pointerId);
    if (acting) move(down, down);
    const follow = event => {
      const [across, along] = [Math.abs(event.clientX - down.clientX), Math.abs(event.clientY - down.clientY)];
      acting ||= across > DRAG_FROM && across >= along;
      if (!acting) return;
      latest = event;
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        move(latest, down);
      });
    };
    const finish = event => {
      for (const [type, listener] of listeners) node.removeEventListener(type, listener);
      if (frame) {
        cancelAnimationFrame(frame);
        move(latest, down);
      }
      if (!acting && event.type === 'pointerup') {
        acting = true;
        move(event, down);
      }
      if (acting) end();
    };
    const listeners = [['pointermove', follow], ['pointerup', finish], ['pointercancel', finish]];
    for (const [type, listener] of listeners) node.addEventListener(type, listener);
  });
}
