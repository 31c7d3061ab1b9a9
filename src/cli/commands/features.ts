import { parseArguments, type Syntax } from '../args.ts';
import { READ_OPTIONS } from '../dataset.ts';
import { formatTable } from '../format.ts';
import type { Io } from '../io.ts';
import { flag, integer } from '../options.ts';
import { openModelFile } from '../savedModel.ts';

/** What `ctre features` takes. */
export const featuresSyntax = {
  command: 'features',
  summary: 'rank the inputs of a saved model by how much it relies on them',
  positionals: ['model.safetensors'],
  options: {
    Reading: { 'max-mb': READ_OPTIONS['max-mb'] },
    Output: {
      top: integer('n', { least: 1 }, 'the n most important ones (20)'),
      json: flag('one JSON object a feature'),
    },
  },
  exclusive: [],
} as const satisfies Syntax;

/** `ctre features model.safetensors` */
export async function runFeatures(argv: readonly string[], { stdout }: Io): Promise<void> {
  const { positionals, options } = parseArguments(featuresSyntax, argv);
  const { top = 20, json } = options;
  const { model, featureNames, inputs } = await openModelFile(positionals[0], options);
  try {
    const importance = model.inputImportance();
    const connections = new Int32Array(inputs);
    for (const input of model.layers[0].weights.indices) connections[input]++;
    // The sort is stable: equal inputs stay in their order.
    const order = [...importance.keys()].sort((a, b) => importance[b] - importance[a]).slice(0, top);
    const ranked = order.map((feature, place) => ({
      rank: place + 1,
      feature,
      name: featureNames?.[feature],
      importance: importance[feature],
      connections: connections[feature],
    }));
    if (json) {
      for (const entry of ranked) stdout.write(`${JSON.stringify(entry)}\n`);
      return;
    }
    const named = featureNames !== undefined;
    const lines = ranked.map(({ rank, feature, name, importance: sum, connections: count }) => [
      String(rank),
      String(feature),
      ...(named ? [String(name)] : []),
      sum.toFixed(4),
      String(count),
    ]);
    const isolated = connections.filter((count) => count === 0).length;
    stdout.write(
      formatTable(lines, ['rank', 'feature', ...(named ? ['name'] : []), 'Σ|weight|', 'connections']),
    );
    stdout.write(`${ranked.length} of ${inputs} features; ${isolated} have no connection.\n`);
  } finally {
    model.dispose();
  }
}
