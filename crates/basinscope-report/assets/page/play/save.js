// Saving what is seen: SVG, PNG, and the numbers behind it as CSV and JSON.

const PRESENTATION = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linecap', 'stroke-linejoin',
  'opacity', 'fill-opacity', 'stroke-opacity', 'font-family', 'font-size', 'font-weight', 'text-anchor', 'visibility', 'display', 'paint-order'];

function download(name, type, content) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = element('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** Everything drawn in `stage` (canvases, SVGs, and text marked `data-shot`) as one SVG. */
function snapshot(stage) {
  const NS = 'http://www.w3.org/2000/svg';
  const box = stage.getBoundingClientRect();
  const pad = 12;
  const [width, height] = [Math.ceil(box.width) + 2 * pad, Math.ceil(box.height) + 2 * pad];
  const svg = document.createElementNS(NS, 'svg');
  const set = (node, attributes) => Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  set(svg, { xmlns: NS, width, height, viewBox: `0 0 ${width} ${height}` });
  const paper = document.createElementNS(NS, 'rect');
  set(paper, { width, height, fill: look.paper });
  svg.append(paper);
  for (const part of stage.querySelectorAll('canvas, svg, [data-shot]')) {
    const at = part.getBoundingClientRect();
    if (!at.width || part.parentElement.closest('svg')) continue;
    const [x, y] = [at.left - box.left + pad, at.top - box.top + pad];
    if (part.tagName === 'CANVAS') {
      const image = document.createElementNS(NS, 'image');
      set(image, { x, y, width: at.width, height: at.height, href: part.toDataURL('image/png') });
      svg.append(image);
    } else if (part.tagName.toLowerCase() === 'svg') {
      const copy = part.cloneNode(true);
      const copies = copy.querySelectorAll('*');
      part.querySelectorAll('*').forEach((node, i) => {
        const style = getComputedStyle(node);
        for (const name of PRESENTATION) {
          const value = style.getPropertyValue(name);
          if (value) copies[i].style.setProperty(name, value);
        }
        for (const name of ['tabindex', 'role', 'aria-pressed', 'class']) copies[i].removeAttribute(name);
      });
      set(copy, { x, y, width: at.width, height: at.height });
      svg.append(copy);
    } else {
      const style = getComputedStyle(part);
      const text = document.createElementNS(NS, 'text');
      const size = parseFloat(style.fontSize);
      set(text, { x, y: y + (at.height + 0.7 * size) / 2, fill: style.color, 'font-size': size,
        'font-family': style.fontFamily, 'font-weight': style.fontWeight });
      text.textContent = part.textContent;
      svg.append(text);
    }
  }
  return new XMLSerializer().serializeToString(svg);
}

async function toPng(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = element('canvas', { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise(done => canvas.toBlob(done, 'image/png'));
}

/** Rows (objects with the same keys) as CSV. */
function csv(rows) {
  const keys = [...new Set(rows.flatMap(Object.keys))];
  const cell = value => {
    const text = value === null || value === undefined ? '' : String(value);
    return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return [keys.join(','), ...rows.map(row => keys.map(key => cell(row[key])).join(','))].join('\n') + '\n';
}

/**
 * Buttons that save a figure: `stage` is what is drawn, `rows()` its numbers as a table, `state()`
 * what else says which view it is.
 */
function saveRow(name, { stage, rows, state = () => ({}) }) {
  const about = () => ({ figure: name, basinscope: run.version, view: state(), rows: rows() });
  const button = (text, what, press) => controls.button(text, press, { 'aria-label': `Save ${what} as ${text}` });
  return element('div', { class: 'save' }, element('span', {}, 'Save'),
    button('SVG', 'this picture', () => download(`${name}.svg`, 'image/svg+xml', snapshot(stage))),
    button('PNG', 'this picture', async () => download(`${name}.png`, 'image/png', await toPng(snapshot(stage)))),
    button('CSV', 'its numbers', () => download(`${name}.csv`, 'text/csv', csv(rows()))),
    button('JSON', 'its numbers', () => download(`${name}.json`, 'application/json', JSON.stringify(about(), null, 2))));
}

/** Still pictures are saved from the page itself, so that the file alone is enough. */
function saveStills() {
  for (const link of document.querySelectorAll('figure a[download]')) {
    const image = link.closest('figure').querySelector('img');
    const kind = link.download.split('.').pop();
    if (!image?.src.startsWith('data:image/svg+xml;base64,') || !['svg', 'png'].includes(kind)) continue;
    link.addEventListener('click', async event => {
      event.preventDefault();
      const svg = new TextDecoder().decode(bytes(image.src.split(',')[1]));
      if (kind === 'svg') download(link.download, 'image/svg+xml', svg);
      else download(link.download, 'image/png', await toPng(svg));
    });
  }
}
