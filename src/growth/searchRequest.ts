import type { CsrPattern } from '../matrix/pattern.ts';

/** What to find in a layer: the `count` positions outside `kept` of the largest score. */
export interface SearchRequest {
  readonly kept: CsrPattern;
  readonly count: number;
  /**
   * Only scores above it count, and fewer positions may be found. Absent: positions of score 0 make up the
   * number.
   */
  readonly least?: number;
}
