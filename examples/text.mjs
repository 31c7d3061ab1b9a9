// Shows text as sparse rows: a sample is the list of its words. No array is as wide as the vocabulary.
// Run it: node examples/text.mjs

import { CsrMatrix, SparseMLP } from 'ctre';

const TOPICS = {
  kitchen: `boil the water and add salt; fry the onions in butter; bake the bread until brown; stir the soup
    slowly; slice the onions and the garlic; the bread needs salt and flour; melt butter in the pan; season
    the soup with garlic; boil the eggs and slice them; knead the flour and bake it; fry the eggs in the pan;
    add garlic to the butter`,
  sky: `the moon rises in the east; a comet passed the sun; the telescope shows the rings of saturn; stars
    twinkle at night; the sun is a star; saturn and the moon are bright at night; a telescope gathers the
    light of stars; the orbit of the comet is long; the east was bright with light; the planet has rings;
    the orbit of a planet; stars rise in the east`,
};
const topics = Object.keys(TOPICS);
const words = (text) => text.toLowerCase().match(/[a-z]+/g) ?? [];
const samples = topics.flatMap((topic, label) => TOPICS[topic].split(';').map((text) => ({ text, label })));

const column = new Map();
for (const word of samples.flatMap(({ text }) => words(text))) {
  if (!column.has(word)) column.set(word, column.size);
}

/** [texts × vocabulary]: 1 where the text has the word. Words that no sample had are left out. */
function toRows(texts) {
  const row = [];
  const col = [];
  for (const [r, text] of texts.entries()) {
    const known = new Set(words(text).flatMap((word) => column.get(word) ?? []));
    row.push(...Array.from(known, () => r));
    col.push(...known);
  }
  return CsrMatrix.fromCoo({ rows: texts.length, cols: column.size, row, col, values: row.map(() => 1) });
}

const x = toRows(samples.map(({ text }) => text));
console.log(
  `${x.rows} sentences, ${x.cols} words, ${(100 * x.density).toFixed(1)} % of the entries are not zero.\n`,
);

const model = await SparseMLP.create({ layers: [x.cols, 32, topics.length], density: 0.2, seed: 1 });
await model.fit(
  x,
  samples.map(({ label }) => label),
  { epochs: 200, batchSize: 8 },
);

const asked = [
  'Bake the eggs with butter',
  'A bright comet near saturn',
  'Stir garlic into the pan',
  'Light of the moon',
];
const probabilities = model.predict(toRows(asked));
for (const [r, text] of asked.entries()) {
  const shares = topics.map((topic, c) => `${topic} ${probabilities[r * topics.length + c].toFixed(2)}`);
  console.log(`${text.padEnd(28)} ${shares.join('  ')}`);
}
