// Shows a training that stops and goes on in another process, and ends with the same bits as without.
// Run it: node examples/resume.mjs

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SparseMLP } from 'ctre';
import { syntheticDataset } from 'ctre/data';

const EPOCHS = 12;
const { x, labels } = syntheticDataset({ rows: 1000, informative: 4, redundant: 6, noise: 40 });
const create = () => SparseMLP.create({ layers: [x.cols, 100, 100, 2], epsilon: 5, seed: 7 });
const same = (a, b) => a.every((value, p) => Object.is(value, b[p]));

const [, , folder] = process.argv;
if (folder === undefined) await conduct();
else await trainUntilKilled(join(folder, 'checkpoint.safetensors'));

/** The other process: it keeps a checkpoint after every epoch, and ends as in a power cut. */
async function trainUntilKilled(path) {
  const model = await create();
  for await (const { epoch } of model.train(x, labels, { epochs: EPOCHS })) {
    // Written under another name and renamed: whenever it ends, there is one whole checkpoint.
    writeFileSync(`${path}.new`, model.checkpoint());
    renameSync(`${path}.new`, path);
    console.log(`  another process: epoch ${epoch} of ${EPOCHS}`);
    if (epoch === 5) process.kill(process.pid, 'SIGKILL');
  }
}

async function conduct() {
  const work = mkdtempSync(join(tmpdir(), 'ctre-resume-'));
  spawnSync(process.execPath, [fileURLToPath(import.meta.url), work], { stdio: 'inherit' });
  console.log('Killed. Going on from its checkpoint:');

  const model = await SparseMLP.resume(readFileSync(join(work, 'checkpoint.safetensors')));
  const onEpoch = ({ epoch }) => console.log(`  this process: epoch ${epoch}`);
  await model.fit(x, labels, { epochs: EPOCHS, onEpoch });

  const whole = await create();
  await whole.fit(x, labels, { epochs: EPOCHS });
  const isSame = same(model.predict(x), whole.predict(x));
  console.log(isSame ? 'Every bit as if it had never stopped.' : 'It came to something else!');
  rmSync(work, { recursive: true });
}
