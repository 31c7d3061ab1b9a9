// Whole epochs on a page, as contestants: ctre's on the page's thread and in a worker, and those of the dense
// network in tfjs-wasm, on one thread with SIMD. suites/browser.mjs bundles this file and calls its exports.
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { SparseMLP, topology, WorkerModel } from '../../dist/index.js';

const models = new Map();
let data;
let dense;

async function fetchArray(path, Type) {
  const response = await fetch(path);
  return new Type(await response.arrayBuffer());
}

/** Takes the rows from the server. */
export async function load(rows, cols) {
  const x = { rows, cols, data: await fetchArray('/rows', Float32Array) };
  data = { x, y: await fetchArray('/labels', Int32Array) };
}

/** @param place `page` or `worker`; answers { nnz, warning }. */
export async function open(name, place, options) {
  const Model = place === 'page' ? SparseMLP : WorkerModel;
  const model = await Model.create({ ...options, topology: topology.set(), seed: 0 });
  models.set(name, model);
  return { nnz: model.nnz, warning: model.warning };
}

/** Trains; answers seconds for each epoch. */
export async function epochs(name, count, batchSize) {
  const { x, y } = data;
  const history = await models.get(name).fit(x, y, { epochs: count, batchSize });
  return history.epochs.map(({ trainSeconds }) => trainSeconds);
}

/**
 * The dense network of the same shape. Its optimiser does what ctre's does by default, without the L2 term.
 */
export async function openDense(layers) {
  setWasmPaths('/tfjs/');
  setThreadsCount(1);
  await tf.setBackend('wasm');
  const { x, y } = data;
  dense = {
    x: tf.tensor2d(x.data, [x.rows, x.cols]),
    labels: tf.oneHot(tf.tensor1d(y, 'int32'), layers.at(-1)),
    parameters: layers.slice(1).map((outputs, l) => {
      const bound = Math.sqrt(6 / (layers[l] + outputs));
      return {
        w: tf.variable(tf.randomUniform([layers[l], outputs], -bound, bound)),
        bias: tf.variable(tf.zeros([outputs])),
      };
    }),
    optimizer: tf.train.momentum(0.01, 0.9, true),
  };
}

/**
 * a·b. tfjs-wasm multiplies transposed operands in plain, slow loops. So its gradient gets matrices that are
 * transposed already.
 */
const product = tf.customGrad((a, b, save) => {
  save([a, b]);
  return {
    value: tf.matMul(a, b),
    gradFunc: (dy, [a, b]) => [tf.matMul(dy, tf.transpose(b)), tf.matMul(tf.transpose(a), dy)],
  };
});

function denseLoss(begin, count) {
  const { x, labels, parameters } = dense;
  const logits = parameters.reduce(
    (input, { w, bias }, l) => {
      const z = tf.add(product(input, w), bias);
      return l < parameters.length - 1 ? tf.relu(z) : z;
    },
    tf.slice(x, begin, count),
  );
  return tf.losses.softmaxCrossEntropy(tf.slice(labels, begin, count), logits);
}

/** Answers the seconds of an epoch, and the loss of its last batch. */
export async function denseEpoch(batchSize) {
  const { rows } = data.x;
  const begin = performance.now();
  let loss = Number.NaN;
  for (let row = 0; row < rows; row += batchSize) {
    const cost = dense.optimizer.minimize(() => denseLoss(row, Math.min(batchSize, rows - row)), true);
    [loss] = await cost.data();
    cost.dispose();
  }
  return { seconds: (performance.now() - begin) / 1000, loss };
}
