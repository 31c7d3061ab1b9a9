// Shows the kernels alone: the most similar sentence of every sentence, by the cosine of their TF-IDF rows.
// Run it: node examples/neighbours.mjs

import { CsrMatrix, cosineTopK } from 'ctre/kernels';

const sentences = [
  'the cat sleeps on the warm stove',
  'a dog barks at the cat',
  'bread rises in a warm oven',
  'the stove and the oven are warm',
  'a comet passes the sun once in a century',
  'the sun and the moon in one sky',
  'the baker sells bread and cake',
  'the moon hides the sun: an eclipse',
  'the dog sleeps all day',
  'cake needs flour, eggs and butter',
  'flour and water make bread',
  'a century has a hundred years',
];

/** [sentences × words], term frequency × inverse document frequency: frequent words count for little. */
function tfIdf(texts) {
  const documents = texts.map((text) => text.match(/[a-z]+/g) ?? []);
  const vocabulary = [...new Set(documents.flat())].sort();
  const columnOf = new Map(vocabulary.map((word, c) => [word, c]));
  const holders = vocabulary.map((word) => documents.filter((words) => words.includes(word)).length);
  const entries = documents.flatMap((words, r) =>
    [...new Set(words)].map((word) => {
      const c = columnOf.get(word);
      const frequency = words.filter((other) => other === word).length;
      return { r, c, value: frequency * Math.log(texts.length / holders[c]) };
    }),
  );
  return CsrMatrix.fromCoo({
    rows: texts.length,
    cols: vocabulary.length,
    row: entries.map(({ r }) => r),
    col: entries.map(({ c }) => c),
    values: entries.map(({ value }) => value),
  });
}

const rows = tfIdf(sentences);
const { indices, similarities } = cosineTopK(rows, 1);
console.log(`${rows.rows} sentences over ${rows.cols} words, ${rows.nnz} entries.\n`);
for (const [r, sentence] of sentences.entries()) {
  console.log(`${sentence.padEnd(42)} ${similarities[r].toFixed(2)}  ${sentences[indices[r]]}`);
}
