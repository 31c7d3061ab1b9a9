import { describe, expect, it } from 'vitest';
import { type CellKeeping, type CellTask, runCell } from '../../../src/cli/cellTask.ts';
import { Exploration } from '../../../src/compare/exploration.ts';
import { Watch } from '../../../src/compare/look.ts';
import { methods } from '../../../src/topology/methods.ts';

const EPOCHS = 4;

function taskOf(method: string): CellTask {
  const cell = { dataset: 'generated problem', hidden: [20, 15], epsilon: 3, method, seed: 2 };
  const options = { hidden: [20, 15], epsilon: 3, method, seed: 2, epochs: EPOCHS };
  return { cell, data: 'data', args: { positionals: [], options }, picture: undefined };
}

/** A record without what a clock says. */
const timeless = (record: object): string =>
  JSON.stringify(record, (key, value: unknown) => (/seconds$/i.test(key) ? 0 : value));

interface Kept {
  readonly record: object;
  readonly start: number;
  readonly warning: string | undefined;
  readonly checkpoints: Uint8Array[];
}

async function run(task: CellTask, checkpoint?: Uint8Array, name = 'name'): Promise<Kept> {
  const checkpoints: Uint8Array[] = [];
  let began: [number, string | undefined] = [-1, undefined];
  const keeping: CellKeeping = {
    name,
    checkpoint,
    onStart(...start) {
      began = start;
    },
    async onKeep(_epoch, make) {
      checkpoints.push(make());
    },
  };
  const record = await runCell(task, () => {}, keeping);
  return { record, start: began[0], warning: began[1], checkpoints };
}

describe('a cell', () => {
  it.each(Object.keys(methods))('of %s goes on from any epoch to the same record', async (method) => {
    const task = taskOf(method);
    const whole = timeless(await runCell(task, () => {}));
    const { record, checkpoints, start } = await run(task);
    expect(timeless(record), 'making checkpoints changes nothing').toBe(whole);
    expect([start, checkpoints.length]).toEqual([0, EPOCHS]);
    for (const [at, checkpoint] of checkpoints.entries()) {
      const again = await run(task, checkpoint);
      expect([again.start, again.warning]).toEqual([at + 1, undefined]);
      expect(again.checkpoints).toHaveLength(EPOCHS - at - 1);
      expect(timeless(again.record), `after epoch ${at + 1}`).toBe(whole);
    }
  });

  it('starts again where the checkpoint is damaged or of another cell, and says why', async () => {
    const task = taskOf('set');
    const { record, checkpoints } = await run(task);
    const [first] = checkpoints;
    const damaged = first.slice();
    damaged[damaged.length - 5] ^= 1;
    for (const [checkpoint, name] of [
      [damaged, 'name'],
      [first, 'other'],
    ] as const) {
      const again = await run(task, checkpoint, name);
      expect(again.start).toBe(0);
      expect(again.warning).toMatch(/checkpoint/);
      expect(timeless(again.record)).toBe(timeless(record));
    }
  });
});

describe('notes', () => {
  it.each([undefined, 1, {}, { sampleRows: 3, seen: [{}] }, { sampleRows: 3, seen: 'x' }])(
    'of a watch that are none (%j) are refused',
    (notes) => {
      const x = { rows: 1, cols: 1, data: new Float32Array(1) };
      expect(() => new Watch(2, x, undefined, undefined).restore(notes)).toThrow(TypeError);
    },
  );

  it.each([undefined, {}, [{}], [{ inDim: 3, known: ['a'] }]])(
    'of an exploration that are none (%j) are refused',
    (notes) => {
      expect(() => new Exploration(methods.set.create()).restore(notes)).toThrow(TypeError);
    },
  );
});
