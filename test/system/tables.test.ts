// The commands of examples/tables/README.md, as they stand there, on the files that it names.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../support/packed.ts';
import { ctre } from '../unit/cli/harness.ts';

const data = join(process.env.CTRE_DATA_DIR ?? '', 'tables');
const hasData = process.env.CTRE_DATA_DIR !== undefined && existsSync(data);
const folder = mkdtempSync(join(tmpdir(), 'ctre-tables-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sections = readFileSync(join(root, 'examples/tables/README.md'), 'utf8').split(/^## /m).slice(1);
const FIGURE = /│ (test (?:accuracy|R²) at best epoch) +│ +([\d.]+) │/;

/** The arguments of a command, its files where they are here. */
function argumentsOf(command: string): string[] {
  return command
    .split(' ')
    .slice(2)
    .map((word) => {
      if (word.endsWith('.safetensors')) return join(folder, word);
      return /\.(csv|tsv|gz)$/.test(word) ? join(data, word) : word;
    });
}

it('the README has a command to a model, and one to predictions, for each of five tables', () => {
  expect(sections).toHaveLength(5);
  for (const section of sections) {
    expect(section.match(/^npx ctre \w+/gm)).toEqual(['npx ctre train', 'npx ctre predict']);
    expect(section).toMatch(FIGURE);
  }
});

describe.skipIf(!hasData)(
  'tables as they are found (skipped unless CTRE_DATA_DIR has a folder tables)',
  () => {
    it.each(sections.map((section) => [section.split('\n')[0], section] as const))(
      '%s',
      async (_, section) => {
        const [train = '', predict = ''] = section.match(/^npx ctre .*$/gm) ?? [];
        const trained = await ctre(argumentsOf(train));
        expect([trained.code, trained.stderr]).toEqual([0, '']);
        const [, name, figure] = FIGURE.exec(section) ?? [];
        const [, foundName, found] = FIGURE.exec(trained.stdout) ?? [];
        expect(foundName).toBe(name);
        expect(Number(found)).toBeGreaterThan(Number(figure) - 0.02);
        const [rows] = /\d+ rows/.exec(trained.stdout) ?? [];
        const answers = await ctre(argumentsOf(predict));
        expect(answers.code).toBe(0);
        const lines = answers.stdout.trimEnd().split('\n');
        expect(`${lines.length} rows`).toBe(rows);
        const [, classes] = /^ {2}classes +(.*)$/m.exec(trained.stdout) ?? [];
        const names = classes?.split(', ').map((text) => text.replace(/ \(\d+\)$/, ''));
        // Names of classes, or numbers.
        for (const answer of new Set(lines)) {
          if (names === undefined) expect(Number.isFinite(Number(answer))).toBe(true);
          else expect(names).toContain(answer);
        }
      },
    );
  },
);
