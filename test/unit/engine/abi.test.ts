import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { checkModule, describeKernels } from '../../../scripts/abi.mjs';
import * as abi from '../../../src/engine/abi.ts';
import { getEngine } from '../../../src/engine/engine.ts';

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

/** What scripts/abi.mjs makes of a folder with these sources. */
function describeSources(kernel: string, index = `export { fillLanes } from './fill';`): Promise<string> {
  writeFileSync(join(folder, 'layout.ts'), LAYOUT);
  writeFileSync(join(folder, 'fill.ts'), kernel);
  writeFileSync(join(folder, 'index.ts'), index);
  return describeKernels(folder);
}

describe('the description of the kernels', () => {
  it('has every kernel of index.ts with its contract, and every size with its value', async () => {
    const description = await describeSources(KERNEL);
    expect(description).toContain('/** Samples in a tile. */\nexport const TILE = 16;\n');
    expect(description).toContain('/** Bytes of a row. */\nexport const ROW_BYTES = 64;\n');
    expect(description).toContain(
      '  fillLanes(tile: Pointer, count: number, value: number, all: boolean): void;\n',
    );
    expect(description).toContain(
      '   * Sets lanes.\n   *\n   * ```js\n   * for (let b = 0; b < count; b++) tile[b] = value;\n',
    );
    expect(description).toContain('= {\n  fillLanes: 4,\n};\n');
  });

  it.each<[string, string, string | undefined]>([
    [
      'fill.ts: value of fillLanes is i64; expected one of usize,bool,i32,u32,f32,f64',
      KERNEL.replace('value: f32', 'value: i64'),
      undefined,
    ],
    ['fill.ts: fillLanes has no comment; write its contract', KERNEL.replace('/**', '/*'), undefined],
    [
      'fill.ts has no function drain; index.ts exports it',
      KERNEL,
      `export { fillLanes, drain } from './fill';`,
    ],
  ])('is refused: %s', async (message, kernel, index) => {
    await expect(describeSources(kernel, index)).rejects.toThrow(message);
  });

  it('is the one that src/ was built with', async () => {
    const built = readFileSync(join(root, 'src/engine/abi.generated.ts'), 'utf8');
    expect(await describeKernels(join(root, 'assembly'))).toBe(built);
    checkModule(built, Uint8Array.from(readFileSync(join(root, 'build/ctre.wasm'))));
  });

  it('is refused for another module', async () => {
    const wasm = Uint8Array.from(readFileSync(join(root, 'build/ctre.wasm')));
    const description = await describeSources(KERNEL);
    expect(() => checkModule(description, wasm)).toThrow('the sources describe fillLanes: 4');
  });

  it('agrees with the running kernels', () => {
    const names = Object.keys(abi.KERNEL_PARAMETERS);
    expect(names.sort()).toEqual(Object.keys(getEngine().kernels).sort());
    expect(abi.ROW_BYTES).toBe(4 * abi.TILE);
    expect(abi.PART_BYTES).toBe(4 * abi.PART);
    expect(2 ** abi.ROW_SHIFT).toBe(abi.ROW_BYTES);
  });
});
