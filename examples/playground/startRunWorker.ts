/** The one place that names the file of the thread that trains: it is loaded once for all its uses. */
export function startRunWorker(): Worker {
  return new Worker(new URL('./runWorker.ts', import.meta.url), { type: 'module' });
}
