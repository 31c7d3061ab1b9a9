import { CtreError } from '../base/errors.ts';
import type { Syntax } from './args.ts';
import { benchSyntax, runBench } from './commands/bench.ts';
import { runCompare } from './commands/compare.ts';
import { evaluateSyntax, runEvaluate } from './commands/evaluate.ts';
import { exportSyntax, runExport } from './commands/export.ts';
import { featuresSyntax, runFeatures } from './commands/features.ts';
import { predictSyntax, runPredict } from './commands/predict.ts';
import { runTrain } from './commands/train.ts';
import { runWorker, workerSyntax } from './commands/worker.ts';
import { compareSyntax } from './compareSyntax.ts';
import { commandHelp, programHelp } from './help.ts';
import type { Io } from './io.ts';
import { unknown } from './suggestion.ts';
import { trainSyntax } from './trainSyntax.ts';
import { readVersion } from './version.ts';

interface Command {
  readonly syntax: Syntax;
  readonly run: (argv: readonly string[], io: Io) => Promise<void>;
}

const COMMANDS: readonly Command[] = [
  { syntax: trainSyntax, run: runTrain },
  { syntax: evaluateSyntax, run: runEvaluate },
  { syntax: predictSyntax, run: runPredict },
  { syntax: compareSyntax, run: runCompare },
  { syntax: workerSyntax, run: runWorker },
  { syntax: featuresSyntax, run: runFeatures },
  { syntax: benchSyntax, run: runBench },
  { syntax: exportSyntax, run: runExport },
];

/**
 * The program: runs the command that the arguments name.
 * @returns the exit code: 0; 2 for a mistake, told in one sentence; 130 after Ctrl-C; 1 for an error of the
 *   program's own.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    await dispatch(argv, io);
    return 0;
  } catch (error) {
    if (error instanceof CtreError) {
      // What is quoted from a file or a command line must not move the cursor or start a line.
      io.stderr.write(`ctre: ${error.message.replace(/\p{Cc}+/gu, ' ')}\n`);
      return error.code === 'E_ABORTED' ? 130 : 2;
    }
    io.stderr.write(`ctre: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<void> {
  const [name, ...rest] = argv;
  if (name === undefined || isHelp(name) || name === 'help') {
    io.stdout.write(programHelp(COMMANDS.map(({ syntax }) => syntax)));
    return;
  }
  if (name === '--version') {
    io.stdout.write(`${await readVersion()}\n`);
    return;
  }
  const command = COMMANDS.find(({ syntax }) => syntax.command === name);
  if (command === undefined) {
    const names = COMMANDS.map(({ syntax }) => syntax.command);
    const start = `ctre has no ${name.startsWith('-') ? 'option' : 'command'}`;
    throw unknown(start, name, [...names, '--help', '--version']);
  }
  if (rest.some(isHelp)) io.stdout.write(commandHelp(command.syntax));
  else await command.run(rest, io);
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h';
}
