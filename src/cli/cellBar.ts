import cliProgress from 'cli-progress';
import type { CellRecord } from '../compare/cell.ts';
import { cellWords } from '../compare/grid.ts';
import { cellOutcome } from './cellLabel.ts';
import type { CellTask } from './cellTask.ts';
import type { Grid } from './compareGrid.ts';
import { duration } from './format.ts';
import type { Output } from './io.ts';

/** How far a comparison is, for people. */
export interface CellBar {
  epoch(task: CellTask, epoch: number): void;
  /** Undefined: it was lost. */
  end(task: CellTask, record: CellRecord | undefined): void;
  stop(): void;
}

/** A bar over all epochs on a terminal, a line for each training elsewhere. */
export function showCells(output: Output, missing: readonly CellTask[], grid: Grid): CellBar {
  const begin = performance.now();
  const cells = grid.tasks.map(({ cell }) => cell);
  const epochs = new Map<CellTask, number>();
  let ended = 0;
  const byDataset = new Map(grid.datasets.map(({ name, epochs: own }) => [name, own]));
  const epochsOf = ({ cell }: CellTask): number => byDataset.get(cell.dataset) ?? 0;
  const expected = missing.reduce((sum, task) => sum + epochsOf(task), 0);
  const fraction = (): number => [...epochs.values()].reduce((sum, epoch) => sum + epoch, 0) / expected;
  const left = (): string => {
    const seconds = (performance.now() - begin) / 1000;
    return fraction() === 0 ? '–' : duration((seconds * (1 - fraction())) / fraction());
  };
  if (output.isTTY !== true) {
    return {
      epoch: (task, epoch) => void epochs.set(task, epoch),
      end(task, record) {
        ended++;
        epochs.set(task, epochsOf(task));
        const number = String(ended).padStart(String(missing.length).length);
        const outcome = record === undefined ? 'did not end' : cellOutcome(record);
        output.write(
          `training ${number}/${missing.length}  ${cellWords(task.cell, cells)}: ${outcome}  ${left()} ` +
            'left\n',
        );
      },
      stop() {},
    };
  }
  const bar = new cliProgress.SingleBar({
    stream: output,
    format: '{bar} {percentage} %  {ended} of {count} trainings  {left} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: Math.max(4, Math.min(24, (output.columns ?? 80) - 50)),
    linewrap: true,
  });
  const state = (): object => ({ ended, count: missing.length, left: left() });
  bar.start(1000, 0, state());
  const update = (task: CellTask, epoch: number): void => {
    epochs.set(task, epoch);
    bar.update(Math.floor(1000 * fraction()), state());
  };
  return {
    epoch: update,
    end(task) {
      ended++;
      update(task, epochsOf(task));
    },
    stop: () => bar.stop(),
  };
}
