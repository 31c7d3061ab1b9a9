import { describe, expect, it } from 'vitest';
import { readDataset } from '../../src/data/index.ts';
import { learnColumns } from '../../src/data/labelledTable.ts';
import { readForPipeline } from '../../src/data/pipelineDataset.ts';
import { type Pipeline, readPipeline } from '../../src/data/table/pipeline.ts';
import { CsrMatrix } from '../../src/matrix/csrMatrix.ts';
import { effort, runSeed } from '../support/effort.ts';
import { EVERY_COLUMN, text } from './fuzz/datasets.ts';
import { type Seed, wrongFile } from './fuzz/mutate.ts';
import { tryAll } from './fuzz/watch.ts';

const INPUTS = effort(2000, 100_000);

const content = text(EVERY_COLUMN);
const { table } = readDataset({ 'a.csv': content });
if (table === undefined) throw new Error('a CSV file is a table');
const { pipeline } = learnColumns(table, { categorical: ['city'], drop: ['id'] });
const named = (rows: string): Record<string, string> => {
  const [names, fields] = rows.split('\n').map((line) => line.split(','));
  return Object.fromEntries(names.map((name, at) => [name, fields[at]]));
};
const row = named(EVERY_COLUMN);

const seed = (name: string, bytes: Uint8Array): Seed<Uint8Array> => ({
  name,
  inside: { content: bytes },
  pack: (inside) => inside.content,
});
const change = (bytes: Uint8Array, mutate: (bytes: Uint8Array) => Uint8Array): Uint8Array => mutate(bytes);

function* mutated(purpose: string, seeds: readonly Seed<Uint8Array>[]) {
  for (let index = 0; index < INPUTS; index++) {
    const { title, packed } = wrongFile(purpose, index, seeds, change);
    yield { title, input: packed };
  }
}

/** @throws Error unless the rows are as a network takes them. */
function checkRows({ x }: ReturnType<Pipeline['transform']>, inputs: number): void {
  const values = x instanceof CsrMatrix ? x.values : x.data;
  if (x.cols !== inputs || !values.every(Number.isFinite)) throw new Error('the inputs are not sound');
}

describe(`a pipeline (CTRE_SEED=${runSeed})`, () => {
  const kinds = pipeline.columns.map(({ encoding }) => encoding.kind);

  it('of every encoding is what is broken', () => {
    expect(new Set(kinds)).toEqual(new Set(['number', 'numeral', 'date', 'truth', 'words', 'text', 'none']));
    checkRows(pipeline.transform([row]), pipeline.inputs);
  });

  it(`of ${INPUTS} mutated models is refused, or takes rows`, async () => {
    let parsed = 0;
    const tally = await tryAll(
      mutated('pipeline', [seed('a pipeline', text(JSON.stringify(pipeline)))]),
      (bytes) => {
        let data: unknown;
        try {
          data = JSON.parse(new TextDecoder().decode(bytes));
        } catch {
          return;
        }
        parsed++;
        const read = readPipeline(data);
        checkRows(read.transform([row]), read.inputs);
      },
    );
    expect(parsed).toBeGreaterThan(INPUTS / 20);
    expect(tally.errors.E_FORMAT).toBeGreaterThan(INPUTS / 100);
  });

  it(`takes ${INPUTS} mutated tables, or refuses them`, async () => {
    const tables = [
      seed('the table', content),
      seed('one without labels', text(EVERY_COLUMN.replaceAll(/,[^,]*$/gm, ''))),
    ];
    const tally = await tryAll(mutated('pipelineTable', tables), async (bytes) => {
      const read = await readForPipeline({ 'a.csv': bytes }, pipeline, { unlabelled: true });
      if (read.x.cols !== pipeline.inputs) throw new Error('the inputs are not those of the model');
    });
    expect(tally.valid).toBeGreaterThan(INPUTS / 100);
    expect(tally.errors.E_SHAPE).toBeGreaterThan(INPUTS / 100);
  });
});
