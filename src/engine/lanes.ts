import { TILE } from './abi.ts';

/** The lanes that a kernel can go through, the fewest first. */
const LANES = [8, 16, TILE];

/** The fewest lanes that hold so many samples of a tile. */
export function lanesFor(samples: number): number {
  return LANES.find((lanes) => samples <= lanes) ?? TILE;
}
