/** How ζ, the share of connections replaced at an update, changes over training. */
export interface Schedule {
  /** ζ after `epoch` (from 1) of `epochs`. */
  fraction(epoch: number, epochs: number): number;
}

/** For methods whose pattern is fixed. */
export const noPruning: Schedule = Object.freeze({ fraction: () => 0 });
