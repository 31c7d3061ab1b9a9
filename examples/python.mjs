// Shows the way to Python and back: SciPy reads a model's file and removes half of the connections. The file
// that Python writes is a model again. Run it: node examples/python.mjs (PYTHON names the interpreter)

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SparseMLP } from 'ctre';
import { applyScaler, fitScaler, syntheticDataset } from 'ctre/data';

const { x, labels } = syntheticDataset({ rows: 1000, informative: 4, redundant: 6, noise: 20 });
const scaled = applyScaler(fitScaler('standard', x), x);
const model = await SparseMLP.create({ layers: [x.cols, 100, 100, 2], epsilon: 10, seed: 5 });
await model.fit(scaled, labels, { epochs: 40 });

const folder = mkdtempSync(join(tmpdir(), 'ctre-python-'));
const at = (name) => join(folder, name);
writeFileSync(at('model.safetensors'), model.save());
writeFileSync(at('samples.f32'), scaled.data);

const script = fileURLToPath(new URL('python.py', import.meta.url));
const { PYTHON = 'python3' } = process.env;
console.log(execFileSync(PYTHON, [script, folder], { encoding: 'utf8' }));

const answers = new Float32Array(readFileSync(at('answers.f32')).buffer.slice(0));
const ours = model.predict(scaled);
const difference = ours.reduce((most, p, i) => Math.max(most, Math.abs(p - answers[i])), 0);
console.log(`Largest difference between SciPy's probabilities and ours: ${difference.toExponential(1)}`);

const cut = await SparseMLP.load(readFileSync(at('cut.safetensors')));
for (const [name, network] of Object.entries({ before: model, 'cut in Python': cut })) {
  const { accuracy } = network.evaluate(scaled, labels);
  console.log(`${name}: ${network.nnz} connections, ${(100 * accuracy).toFixed(1)} % right`);
}
rmSync(folder, { recursive: true });
