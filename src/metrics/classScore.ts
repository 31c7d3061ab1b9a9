/** What a class, or a label, is called: its name, or its number where it has none. */
export type Label = number | string;

/** Shares of rows; 0 where there are no rows to take a share of. */
export interface PrecisionRecall {
  /** Of the rows that are given the class, those that have it. */
  readonly precision: number;
  /** Of the rows that have the class, those that are given it. */
  readonly recall: number;
  /** The harmonic mean of both. */
  readonly f1: number;
}

/** How a model does on one class, or on one label of several. */
export interface ClassScore extends PrecisionRecall {
  readonly label: Label;
  /** Rows that have it. */
  readonly rows: number;
  /** Rows that are given it. */
  readonly predicted: number;
  /** Rows in both. */
  readonly correct: number;
}

/** Precision, recall and F1 of counted rows. */
export function scoreCounts(rows: number, predicted: number, correct: number): PrecisionRecall {
  return {
    precision: ratio(correct, predicted),
    recall: ratio(correct, rows),
    f1: ratio(2 * correct, rows + predicted),
  };
}

/** The means over classes, each of which counts as much as it weighs; 0 where none weighs anything. */
export function meanScore(
  classes: readonly ClassScore[],
  weightOf: (one: ClassScore) => number,
): PrecisionRecall {
  const total = classes.reduce((sum, one) => sum + weightOf(one), 0);
  const mean = (name: keyof PrecisionRecall): number =>
    ratio(
      classes.reduce((sum, one) => sum + weightOf(one) * one[name], 0),
      total,
    );
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

/** 0 where there is nothing to divide by. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
