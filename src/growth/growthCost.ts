/** What a method's questions have cost, counted where it is spent. */
export class GrowthCost {
  /** Multiplications by weights and between activations, each with its addition. */
  multiplyAdds = 0;
  /** Pairs of neurons that were scored. */
  pairs = 0;

  /** So many pairs were scored over so many rows. */
  addPairs(pairs: number, rows: number): void {
    this.pairs += pairs;
    this.multiplyAdds += pairs * rows;
  }
}
