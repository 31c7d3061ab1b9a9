import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { checkModule, describeKernels, TABLES } from '../../../scripts/abi.mjs';
import * as abi from '../../../src/engine/abi.ts';
import { getEngine } from '../../../src/engine/engine.ts';
import { getTrainingEngine } from '../../../src/engine/training.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ctre-abi-'));
afterAll(() => rmSync(folder, { recursive: true }));

const LAYOUT = `
/** Samples in a tile. */
export const TILE: i32 = 1 << 4;

/** Bytes of a row. */
export const ROW_BYTES: usize = 4 * <usize>TILE;
`;

const KERNEL = `import { TILE } from './layout';

/**
 * Sets lanes.
 *
 * \`\`\`js
 * for (let b = 0; b < count; b++) tile[b] = value;
 * \`\`\`
 */
export function fillLanes(tile: usize, count: i32, value: f32, all: bool): void {
  for (let b = 0; b < (all ? TILE : count); b++) store<f32>(tile + (<usize>b << 2), value);
}
`;

const CLEAR = `/** Clears a tile. */
export function clearLanes(tile: usize): void {
  memory.fill(tile, 0, 64);
}
`;

/** What scripts/abi.mjs makes of a folder with these sources. */
function describeSources(kernel: string, table = `export { fillLanes } from './fill';`): Promise<string> {
  writeFileSync(join(folder, 'layout.ts'), LAYOUT);
  writeFileSync(join(folder, 'fill.ts'), kernel);
  writeFileSync(join(folder, 'matrixKernels.ts'), table);
  writeFileSync(join(folder, 'trainingKernels.ts'), `export { clearLanes } from './clear';`);
  writeFileSync(join(folder, 'clear.ts'), CLEAR);
  return describeKernels(folder);
}

describe('the description of the kernels', () => {
  it('has every kernel of both tables with its contract, and every size with its value', async () => {
    const description = await describeSources(KERNEL);
    expect(description).toContain('/** Samples in a tile. */\nexport const TILE = 16;\n');
    expect(description).toContain('/** Bytes of a row. */\nexport const ROW_BYTES = 64;\n');
    expect(description).toContain(
      '  fillLanes(tile: Pointer, count: number, value: number, all: boolean): void;\n',
    );
    expect(description).toContain(
      '   * Sets lanes.\n   *\n   * ```js\n   * for (let b = 0; b < count; b++) tile[b] = value;\n',
    );
    expect(description).toContain(
      'export const MATRIX_KERNELS: Readonly<Record<keyof MatrixKernels, number>> = {\n  fillLanes: 4,\n};\n',
    );
    expect(description).toContain(
      'export const TRAINING_KERNELS: Readonly<Record<keyof TrainingKernels, number>> = {\n  clearLanes: ' +
        '1,\n};\n',
    );
  });

  it.each<[string, string, string | undefined]>([
    [
      'fill.ts: value of fillLanes is i64; expected one of usize,bool,i32,u32,f32,f64',
      KERNEL.replace('value: f32', 'value: i64'),
      undefined,
    ],
    ['fill.ts: fillLanes has no comment; write its contract', KERNEL.replace('/**', '/*'), undefined],
    [
      'fill.ts has no function drain; matrixKernels.ts exports it',
      KERNEL,
      `export { fillLanes, drain } from './fill';`,
    ],
  ])('is refused: %s', async (message, kernel, table) => {
    await expect(describeSources(kernel, table)).rejects.toThrow(message);
  });

  it('is the one that src/ was built with', async () => {
    const built = readFileSync(join(root, 'src/engine/abi.generated.ts'), 'utf8');
    expect(await describeKernels(join(root, 'assembly'))).toBe(built);
    checkModule(built, Uint8Array.from(readFileSync(join(root, 'build/ctre.wasm'))));
    for (const entry of TABLES) {
      checkModule(built, Uint8Array.from(readFileSync(join(root, `build/${entry.table}.wasm`))), [entry]);
    }
  });

  it('is refused for another module', async () => {
    const wasm = Uint8Array.from(readFileSync(join(root, 'build/ctre.wasm')));
    const description = await describeSources(KERNEL);
    expect(() => checkModule(description, wasm)).toThrow('the sources describe clearLanes: 1,fillLanes: 4');
    expect(() => checkModule(description, wasm, [TABLES[0]])).toThrow('the sources describe fillLanes: 4');
  });

  it('is refused for a module that holds data', () => {
    const built = readFileSync(join(root, 'src/engine/abi.generated.ts'), 'utf8');
    const wasm = readFileSync(join(root, 'build/ctre.wasm'));
    // One more section, number 11 of 7 bytes: 1 piece of data, at address 8 of the memory, of 1 byte.
    const filled = Uint8Array.of(...wasm, 11, 7, 1, 0, 0x41, 8, 0x0b, 1, 49);
    expect(() => checkModule(built, filled)).toThrow('the module holds data');
  });

  it('agrees with the running kernels', () => {
    const matrix = Object.keys(abi.MATRIX_KERNELS);
    const training = Object.keys(abi.TRAINING_KERNELS);
    expect(Object.keys(getTrainingEngine().kernels).sort()).toEqual([...matrix, ...training].sort());
    if (!getEngine().isGiven) expect(Object.keys(getEngine().kernels).sort()).toEqual(matrix.sort());
    expect(abi.ROW_BYTES).toBe(4 * abi.TILE);
    expect(abi.PART_BYTES).toBe(4 * abi.PART);
    expect(2 ** abi.ROW_SHIFT).toBe(abi.ROW_BYTES);
  });
});
