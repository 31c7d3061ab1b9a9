/** Labels as a dataset has them. */
interface CodedLabels {
  /** The class of every row. */
  readonly labels: Int32Array;
  /** What the file calls the classes. */
  readonly labelNames: readonly (number | string)[];
}

/** Classes that are all numbers: at most so many, or one for so many rows. */
const USUAL_CLASSES = 20;
const ROWS_OF_CLASS = 10;
/** Classes up to which gaps between their numbers mean nothing. */
const CLASSES_WITH_GAPS = 10;
/** Rows that a class has at least, where there are many. */
const ROWS_OF_SMALL_CLASS = 3;
/** Values of a column that is called a price, a count … from which on it is one. */
const FEW_VALUES = 5;

/** What numbers are called that are measured or counted. */
const QUANTITIES = [
  ...['price', 'cost', 'amount', 'total', 'sum', 'count', 'cnt', 'age', 'year', 'salary', 'income', 'sales'],
  ...['revenue', 'profit', 'rings', 'mpg', 'temp', 'temperature', 'quantity', 'duration', 'distance'],
  ...['weight', 'height', 'area', 'population', 'demand', 'consumption'],
];
const QUANTITY = new RegExp(`(^|[\\W_])(${QUANTITIES.join('|')})$`, 'i');
const CAMEL_QUANTITY = /[a-z](Price|Cost|Amount|Total|Count|Age|Year|Sales|Area)$/;

/**
 * Whether labels that are whole numbers are more likely something to predict than classes: there are too
 * many of them for the rows, or gaps among many, or their column is called a price, a count and the like.
 * docs/data.md has the rule. O(rows).
 * @param name of their column.
 */
export function looksLikeNumbers({ labels, labelNames }: CodedLabels, name = ''): boolean {
  const numbers = labelNames.filter((label) => typeof label === 'number');
  const count = numbers.length;
  if (count < labelNames.length) return false;
  if (count > Math.max(USUAL_CLASSES, labels.length / ROWS_OF_CLASS)) return true;
  if (count > FEW_VALUES && (QUANTITY.test(name) || CAMEL_QUANTITY.test(name))) return true;
  if (count <= CLASSES_WITH_GAPS) return false;
  // Labels that are all numbers are in ascending order.
  const [least, most] = [numbers[0], numbers[count - 1]];
  if (least < 0 || least > 1 || most > 2 * count) return true;
  return count > USUAL_CLASSES && fewestRows(labels, count) < ROWS_OF_SMALL_CLASS;
}

/** Whether most labels are words that one row has: names of rows, not classes. */
export function looksLikeNames({ labels, labelNames }: CodedLabels): boolean {
  return labels.length >= ROWS_OF_CLASS && labelNames.length > labels.length / 2;
}

function fewestRows(labels: Int32Array, classes: number): number {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]++;
  return counts.reduce((least, count) => Math.min(least, count), labels.length);
}
