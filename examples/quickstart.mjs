// Shows a model's whole life: data, training, a prediction, a file. Run it: node examples/quickstart.mjs

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SparseMLP } from 'ctre';
import { applyScaler, fitScaler, remainingRows, syntheticDataset, takeRows } from 'ctre/data';

// A problem like Madelon: a few of its 100 features matter together, and none of them alone.
const { x, labels } = syntheticDataset({ rows: 2000, informative: 4, redundant: 16, noise: 80, seed: 1 });
const trainRows = Int32Array.from({ length: 1600 }, (_, row) => row);
const testRows = remainingRows(x.rows, trainRows);

// The scaler sees no test rows: nothing of them may reach the training.
const scaled = applyScaler(fitScaler('standard', x, trainRows), x);
const part = (rows) => ({ x: takeRows(scaled, rows), y: rows.map((row) => labels[row]) });
const [train, test] = [part(trainRows), part(testRows)];

const model = await SparseMLP.create({ layers: [x.cols, 200, 200, 2], epsilon: 5, seed: 42 });
console.log(`${model.summary()}\n`);

for await (const { epoch, loss, valAccuracy } of model.train(train.x, train.y, {
  epochs: 30,
  validationSplit: 0.1,
})) {
  if (epoch % 5 === 0)
    console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, validation ${percent(valAccuracy)}`);
}

const { accuracy } = model.evaluate(test.x, test.y);
console.log(`\nRight on ${percent(accuracy)} of ${test.x.rows} rows it never saw.`);

const path = join(tmpdir(), 'quickstart.safetensors');
const bytes = model.save({ trainedOn: 'a generated problem' });
writeFileSync(path, bytes);
const again = await SparseMLP.load(bytes);
const [first] = again.predict(takeRows(test.x, Int32Array.of(0)));
console.log(`The model is in ${path}, ${bytes.length} bytes.`);
console.log(`The first test row is of class 0 with probability ${first.toFixed(3)}.`);

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
