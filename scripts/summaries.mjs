// The few numbers of a training that docs/results.md shows, and the files that keep them: one a grid, with a
// line for each training. What happened in every epoch stays in the raw records, which are not kept.

/** What is kept of a training that came to its end, by the names of the records. */
const FIGURES = [
  ...['nnz', 'density', 'testRows', 'epochs', 'bestEpoch', 'bestValAccuracy', 'testAccuracy'],
  ...['finalTestAccuracy', 'pairs', 'explorationRate', 'deadNeurons', 'seconds', 'trainSeconds'],
];
const CELL = ['dataset', 'hidden', 'epsilon', 'method', 'seed'];

/** A record of `ctre compare` without its curves. */
export function summaryOf(record) {
  const pick = (names) => Object.fromEntries(names.map((name) => [name, rounded(record[name])]));
  if ('failed' in record) return { ...pick(CELL), failed: record.failed };
  const { total, dense } = record.multiplyAdds;
  return { ...pick(CELL), ...pick(FIGURES), multiplyAdds: { total: rounded(total), dense: rounded(dense) } };
}

/** With six digits: accuracies of up to a million test rows stay exact to the row. */
function rounded(value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

/** Equal for the same training of one grid only. */
export function trainingKey({ epsilon, method, seed }) {
  return JSON.stringify([epsilon, method, seed]);
}

/** The trainings of both lists, in the order of a grid; the newer of two of one training. */
export function mergeTrainings({ epsilons, methods, seeds }, older, newer) {
  const byKey = new Map([...older, ...newer].map((training) => [trainingKey(training), training]));
  return epsilons.flatMap((epsilon) =>
    methods.flatMap((method) =>
      seeds.flatMap((seed) => byKey.get(trainingKey({ epsilon, method, seed })) ?? []),
    ),
  );
}

/** The text of a summary's file. */
export function summaryText({ command, options, runs, trainings }) {
  const lines = (list) => list.map((entry) => `\n    ${JSON.stringify(entry)}`).join(',');
  return `{
  "command": ${JSON.stringify(command)},
  "options": ${JSON.stringify(options)},
  "runs": [${lines(runs)}
  ],
  "trainings": [${lines(trainings)}
  ]
}
`;
}
