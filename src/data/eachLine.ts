import type { Budget } from '../base/budget.ts';
import { type CharacterEncoding, eachPiece } from './text.ts';

/**
 * A text file's lines one by one, numbered from 1, without their ends. @throws as `eachPiece`.
 */
export function eachLine(
  bytes: Uint8Array,
  budget: Budget,
  onLine: (text: string, line: number) => void,
  encoding?: CharacterEncoding,
): void {
  let line = 0;
  const onPiece = (text: string, isLast: boolean): number => {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      onLine(text.slice(start, end), ++line);
      start = end + 1;
    }
    if (!isLast) return start;
    if (start < text.length) onLine(text.slice(start), ++line);
    return text.length;
  };
  eachPiece(bytes, budget, onPiece, encoding);
}
