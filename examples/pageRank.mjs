// Shows PageRank: the pages of a web where one ends up who follows links at random.
// Run it: node examples/pageRank.mjs

import { CsrMatrix, rowSums, scale, spmmTransposed } from 'ctre/kernels';

/** A web of so many pages: links go to low numbers more often, and every tenth page has none. */
function web(pages) {
  let state = 1;
  const next = (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const [row, col] = [[], []];
  for (let page = 0; page < pages; page++) {
    const links = page % 10 === 9 ? 0 : 1 + next(12);
    for (let link = 0; link < links; link++) {
      row.push(page);
      col.push(next(1 + next(pages)));
    }
  }
  // Of two links from one page to another, both count.
  return CsrMatrix.fromCoo({
    rows: pages,
    cols: pages,
    row,
    col,
    values: row.map(() => 1),
    duplicates: 'sum',
  });
}

/** Ranks that add up to 1; `follow` moves ranks along the links. */
function pageRank(follow, { pages, isDeadEnd, damping = 0.85, tolerance = 1e-7 }) {
  let ranks = new Float32Array(pages).fill(1 / pages);
  for (let step = 1; ; step++) {
    const followed = follow(ranks);
    // Who is at a dead end, or tired of links, goes anywhere.
    const stuck = ranks.reduce((sum, rank, page) => sum + (isDeadEnd[page] ? rank : 0), 0);
    const anywhere = (1 - damping + damping * stuck) / pages;
    const moved = followed.map((rank) => damping * rank + anywhere);
    const change = moved.reduce((sum, rank, page) => sum + Math.abs(rank - ranks[page]), 0);
    ranks = moved;
    if (change < tolerance || step === 200) return { ranks, steps: step };
  }
}

const links = web(5000);
const degrees = rowSums(links);
const transition = scale(links, { rows: degrees.map((degree) => (degree > 0 ? 1 / degree : 0)) });
const { ranks, steps } = pageRank(
  (x) => spmmTransposed(transition, { rows: x.length, cols: 1, data: x }).data,
  { pages: links.rows, isDeadEnd: Array.from(degrees, (degree) => degree === 0) },
);
console.log(`${links.rows} pages, ${links.nnz} links: ${steps} steps. The first ten:`);
const best = [...ranks.keys()].sort((a, b) => ranks[b] - ranks[a]).slice(0, 10);
for (const page of best) console.log(`  page ${String(page).padStart(4)}  ${ranks[page].toExponential(4)}`);
