// Noise on a tile of inputs. What an entry gets depends on a key, its sample's row number and its column, and
// on nothing else: nothing is drawn here, and the order of the tiles changes no bit.
import { ELEMENT_SHIFT, NORMALS, ROW_BYTES } from './layout';
import { rowAt } from './tile';

/** Four integers, each with its bits mixed: `lowbias32` of Wellons' hash prospector, one to one. */
function mix4(x: v128): v128 {
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x7feb352d));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** The normal number that a hash picks. */
function pick(normals: usize, hash: i32): f32 {
  return load<f32>(normals + ((<usize>(hash & (NORMALS - 1))) << ELEMENT_SHIFT));
}

/**
 * Noise on a tile: entries become 0 whose hash is below a bound, and the others get a multiple of a normal
 * number that the hash picks.
 *
 * ```js
 * const mix = (h) => {
 *   h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
 *   h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
 *   return (h ^ (h >>> 16)) >>> 0;
 * };
 * for (let j = 0; j < cols; j++) {
 *   for (let b = 0; b < count; b++) {
 *     const hash = mix(mix(key + rows[b]) + j);
 *     tile[j][b] = hash < bound ? 0 : tile[j][b] + amount * normals[hash % 4096];
 *   }
 * }
 * ```
 *
 * - tile f32 [cols][32], changed in place; rows i32 [count]; count ≤ 32.
 * - key and bound u32; normals f32 [NORMALS], not read where amount is 0.
 *
 * O(32 · cols).
 */
export function addNoise(
  tile: usize,
  rows: usize,
  count: i32,
  cols: i32,
  key: u32,
  bound: u32,
  normals: usize,
  amount: f32,
): void {
  const bounds = i32x4.splat(bound);
  const amounts = f32x4.splat(amount);
  for (let b = 0; b < count; b += 4) {
    const numbers = i32x4.replace_lane(
      i32x4.replace_lane(
        i32x4.replace_lane(i32x4.splat(rowAt(rows, b, count)), 1, rowAt(rows, b + 1, count)),
        2,
        rowAt(rows, b + 2, count),
      ),
      3,
      rowAt(rows, b + 3, count),
    );
    const isUsed = i32x4.lt_s(i32x4.add(i32x4.splat(b), i32x4(0, 1, 2, 3)), i32x4.splat(count));
    const keys = mix4(i32x4.add(i32x4.splat(key), numbers));
    let t = tile + ((<usize>b) << ELEMENT_SHIFT);
    for (let j = 0; j < cols; j++) {
      const hash = mix4(i32x4.add(keys, i32x4.splat(j)));
      let noise = f32x4.splat(0);
      if (amount !== 0) {
        noise = f32x4.splat(pick(normals, i32x4.extract_lane(hash, 0)));
        noise = f32x4.replace_lane(noise, 1, pick(normals, i32x4.extract_lane(hash, 1)));
        noise = f32x4.replace_lane(noise, 2, pick(normals, i32x4.extract_lane(hash, 2)));
        noise = f32x4.mul(amounts, f32x4.replace_lane(noise, 3, pick(normals, i32x4.extract_lane(hash, 3))));
      }
      const x = v128.load(t);
      const noisy = v128.andnot(f32x4.add(x, noise), i32x4.lt_u(hash, bounds));
      v128.store(t, v128.bitselect(noisy, x, isUsed));
      t += ROW_BYTES;
    }
  }
}
