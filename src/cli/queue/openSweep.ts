import { CtreError } from '../../base/errors.ts';
import { cellWords } from '../../compare/grid.ts';
import type { CellEvents } from '../cellPool.ts';
import type { CellTask } from '../cellTask.ts';
import type { Grid } from '../compareGrid.ts';
import type { CompareArguments } from '../compareSyntax.ts';
import type { Io } from '../io.ts';
import { loadQueuePackages } from './packages.ts';
import { QueueServer } from './server.ts';
import { runSweep, type SweepEnd } from './sweep.ts';

/** Times that a cell is tried again whose worker died, where nobody says. */
const RETRIES = 10;

/** What `ctre compare` has of a queue. */
export interface Sweeping {
  /** The address without its password. */
  readonly shown: string;
  /** Waits for the results of the missing cells; what others compute counts. */
  run(grid: Grid, missing: readonly CellTask[], signal: AbortSignal, events: CellEvents): Promise<void>;
  /** What is to tell at the end besides results. */
  outcome(tasks: readonly CellTask[]): SweepOutcome;
  close(): void;
}

interface SweepOutcome {
  readonly record: object;
  readonly text: string;
  /** Where two machines do not come to the same bits. */
  readonly error: CtreError | undefined;
}

/**
 * Connects to the queue that the options name; undefined where they name none.
 * @throws CtreError where there is no server, or one that cannot keep a queue.
 */
export async function openSweep(
  { queue, retries }: CompareArguments['options'],
  version: string,
  { stderr }: Io,
): Promise<Sweeping | undefined> {
  if (queue === undefined) return undefined;
  const warn = (sentence: string): void => void stderr.write(`ctre: ${sentence}\n`);
  const server = await QueueServer.open(queue, await loadQueuePackages(), warn);
  for (const warning of server.warnings) warn(warning);
  let end: SweepEnd = { wastedEpochs: 0, conflicts: [] };
  return {
    shown: queue.shown,
    async run({ tasks, readings }, missing, signal, events) {
      const grid = { version, tasks, missing, readings, retries: retries ?? RETRIES };
      end = await runSweep(server, grid, signal, events);
    },
    outcome: (tasks) => outcomeOfSweep(end, tasks),
    close: () => server.close(),
  };
}

function outcomeOfSweep({ wastedEpochs, conflicts }: SweepEnd, tasks: readonly CellTask[]): SweepOutcome {
  const cells = tasks.map(({ cell }) => cell);
  const [first] = conflicts;
  const more = conflicts.length > 1 ? ` (and ${conflicts.length - 1} more)` : '';
  return {
    record: {
      wastedEpochs,
      conflicts: conflicts.map(({ task, conflict }) => ({ ...task.cell, machines: conflict })),
    },
    text:
      wastedEpochs === 0
        ? ''
        : `computed twice: ${wastedEpochs} ${wastedEpochs === 1 ? 'epoch' : 'epochs'}\n`,
    error:
      first &&
      new CtreError(
        'E_ENGINE',
        `two machines do not come to the same bits: ${cellWords(first.task.cell, cells)}${more} on ` +
          `${first.conflict.first} and on ${first.conflict.second}; the first result is kept, and one of ` +
          'the two cannot be trusted',
      ),
  };
}
