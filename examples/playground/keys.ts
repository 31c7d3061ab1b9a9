// Moving a mark over a pad by the arrow keys.

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export const isMove = (key: string): boolean => key in MOVES;

/** A place after a key, within the bounds of both axes. */
export function moved(
  { x, y }: { readonly x: number; readonly y: number },
  key: string,
  step: number,
  least: number,
  most: number,
): { x: number; y: number } {
  const [across, down] = MOVES[key] ?? [0, 0];
  const bound = (value: number): number => Math.min(most, Math.max(least, value));
  return { x: bound(x + step * across), y: bound(y + step * down) };
}
