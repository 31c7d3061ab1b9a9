// The page of hashes for a browser that nobody steers: each way that the address asks for, in turn, and then one report.
import { hashAll } from '/test/system/bits/program.mjs';

const ways = JSON.parse(new URLSearchParams(location.search).get('ways'));

const outcomes = [];
for (const { threads, place, names } of ways) {
  outcomes.push(
    await hashAll(threads, names, place).catch((error) => ({ error: `${error}\n${error.stack}` })),
  );
}
const { crossOriginIsolated } = globalThis;
const report = { outcomes, crossOriginIsolated, sharesMemory: typeof SharedArrayBuffer === 'function' };
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
