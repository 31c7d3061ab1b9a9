// Put into the playground's page by the test's server: reports what a visitor sees when the training has ended, and
// what went wrong before.
const errors = [];
const isFile = (event) => event.target instanceof HTMLElement && event.target !== document.body;
addEventListener(
  'error',
  (event) => errors.push(isFile(event) ? `no ${event.target.outerHTML}` : event.message),
  true,
);
addEventListener('unhandledrejection', ({ reason }) => errors.push(`unhandled: ${reason}`));
addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
  errors.push(`${violatedDirective} refuses ${blockedURI}`);
});
for (const kind of ['error', 'warn']) {
  const original = console[kind];
  console[kind] = (...words) => {
    errors.push(`console.${kind}: ${words.join(' ')}`);
    original.apply(console, words);
  };
}

const textOf = (id) => document.getElementById(id)?.textContent?.trim() ?? '';
const hasEnded = () => /^(Done|Stopped|[AB] has failed)/.test(textOf('status'));
const rows = () =>
  Array.from(document.querySelectorAll('#numbers tbody tr'), (row) =>
    Array.from(row.children, (cell) => cell.textContent.trim()),
  );
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** How many of a canvas's pixels are painted. */
function inkOf(id) {
  const canvas = document.getElementById(id);
  // A canvas that another thread draws on has no context here.
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const context = copy.getContext('2d');
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  let ink = 0;
  for (let at = 3; at < data.length; at += 4) if (data[at] > 0) ink++;
  return ink;
}

addEventListener('load', async () => {
  while (!hasEnded()) await pause(100);
  // The lower part of the page comes after the first result.
  document.getElementById('network').scrollIntoView();
  for (let turn = 0; turn < 100 && (rows().length === 0 || inkOf('network') === 0); turn++) await pause(100);
  await pause(500);
  const { crossOriginIsolated } = globalThis;
  const ids = ['status', 'big-a', 'big-b', 'count-a', 'count-b', 'problems'];
  const report = {
    ...Object.fromEntries(ids.map((id) => [id, textOf(id)])),
    ...{
      rows: rows(),
      errors,
      crossOriginIsolated,
      networkInk: inkOf('network'),
      inputsInk: inkOf('inputs-a'),
    },
  };
  await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
});
