// k nearest neighbours, for a figure beside those of networks: which features matter decides how far it gets.

/** Numbers of neighbours that validation chooses from; odd, so that two classes never tie. */
const NEIGHBOURS = [1, 3, 5, 7, 9, 11, 15, 21, 31, 41];

/**
 * Test accuracy of a majority vote of the k nearest training rows (Euclidean). k is the one of best
 * validation accuracy, the smallest of several.
 * @param columns the features to look at.
 * @param rows `{ train, validation, test }`, each `{ x, y }` with a dense matrix x of rows × cols.
 */
export function nearestNeighbours(columns, { train, validation, test }) {
  const [known, held, tested] = [train, validation, test].map(({ x, y }) => ({
    points: pickColumns(x, columns),
    labels: y,
  }));
  const accuracies = (queries) => voteAccuracies(known, queries, columns.length);
  const validated = accuracies(held);
  const best = validated.indexOf(Math.max(...validated));
  return {
    neighbours: NEIGHBOURS[best],
    valAccuracy: validated[best],
    testAccuracy: accuracies(tested)[best],
  };
}

/** The accuracy for every number of neighbours. */
function voteAccuracies({ points, labels }, queries, width) {
  const most = NEIGHBOURS[NEIGHBOURS.length - 1];
  const correct = NEIGHBOURS.map(() => 0);
  for (let q = 0; q < queries.labels.length; q++) {
    const nearest = nearestLabels(points, labels, queries.points.subarray(q * width, (q + 1) * width), most);
    NEIGHBOURS.forEach((count, at) => {
      if (majority(nearest.slice(0, count)) === queries.labels[q]) correct[at]++;
    });
  }
  return correct.map((count) => count / queries.labels.length);
}

/** Labels of the nearest points, the nearest first; of equally near ones the earlier row first. */
function nearestLabels(points, labels, query, count) {
  const width = query.length;
  const distances = Float64Array.from(labels, (_, row) => {
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const difference = points[row * width + j] - query[j];
      sum += difference * difference;
    }
    return sum;
  });
  return [...distances.keys()]
    .sort((a, b) => distances[a] - distances[b] || a - b)
    .slice(0, count)
    .map((row) => labels[row]);
}

/** The most frequent label; of equally frequent ones that of the nearest point. */
function majority(labels) {
  const votes = new Map();
  for (const label of labels) votes.set(label, (votes.get(label) ?? 0) + 1);
  const most = Math.max(...votes.values());
  return labels.find((label) => votes.get(label) === most);
}

function pickColumns({ rows, cols, data }, columns) {
  const picked = new Float64Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    columns.forEach((column, at) => {
      picked[row * columns.length + at] = data[row * cols + column];
    });
  }
  return picked;
}

/**
 * The columns that go together with others: `count` of the largest |correlation| with any other column,
 * ascending. It looks at no label. Madelon's features that matter are 5 and 15 linear combinations of them;
 * the other 480 are independent noise.
 * @returns the columns, and the smallest of their largest |correlations| and the largest of the others'.
 */
export function correlatedColumns({ rows, cols, data }, count) {
  const units = Array.from({ length: cols }, (_, column) => unitColumn(data, rows, cols, column));
  const largest = new Float64Array(cols);
  for (let a = 0; a < cols; a++) {
    for (let b = 0; b < a; b++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += units[a][row] * units[b][row];
      const size = Math.abs(sum);
      if (size > largest[a]) largest[a] = size;
      if (size > largest[b]) largest[b] = size;
    }
  }
  const order = [...largest.keys()].sort((a, b) => largest[b] - largest[a] || a - b);
  return {
    columns: order.slice(0, count).sort((a, b) => a - b),
    least: largest[order[count - 1]],
    next: count < cols ? largest[order[count]] : 0,
  };
}

/** A column without its mean, of length 1; all zeros for a constant one. */
function unitColumn(data, rows, cols, column) {
  const values = Float64Array.from({ length: rows }, (_, row) => data[row * cols + column]);
  const mean = values.reduce((sum, value) => sum + value, 0) / rows;
  const centred = values.map((value) => value - mean);
  const length = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? centred : centred.map((value) => value / length);
}
