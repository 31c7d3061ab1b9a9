// What an update of the topology costs, compared with an epoch of training: ctre-sim's exact search, its
// search from a sample (and how much of the exact choice that finds), and SET.
import { nodeProgram } from '../programs.mjs';
import { median, ratio, summarize } from '../turns.mjs';

const seconds = (time) => `${time.toFixed(3)} s`;

export async function run({ nodes, quick, say }) {
  const setting = {
    rows: quick ? 1000 : 60_000,
    epochs: quick ? 2 : 5,
    layers: [784, 1000, 1000, 1000, 10],
    epsilon: 1,
  };
  const rounds = quick ? 2 : 3;
  const programs = nodes.map((node) => [node.name, nodeProgram(node, 'served/growth.mjs')]);
  const turns = {};
  let trained;
  for (const [name, program] of programs) {
    trained = await program.ask(['open', JSON.stringify(setting)]);
    turns[name] = { exact: [], sampled: [], set: [] };
  }
  say(
    `${setting.rows} rows of ${trained.data}, ${setting.layers.join('-')}, ε = ${setting.epsilon}, ` +
      `after ${setting.epochs} epochs; min / median:`,
  );
  for (let round = 0; round < rounds; round++) {
    for (const [name, program] of round % 2 === 0 ? programs : programs.toReversed()) {
      turns[name].exact.push(await program.ask(['grow', 'exact']));
      turns[name].sampled.push(await program.ask(['grow', 'sampled']));
      turns[name].set.push(await program.ask(['set']));
    }
  }
  const figures = {};
  for (const [name, program] of programs) {
    program.close();
    const evolve = (way) => summarize(turns[name][way].map((turn) => turn.evolve));
    const epochs = (way) => summarize(turns[name][way].map((turn) => turn.train));
    const [exact, sampled, set] = ['exact', 'sampled', 'set'].map(evolve);
    const recalls = turns[name].sampled.map(({ recall }) => recall);
    const figure = {
      epoch: { min: epochs('sampled').min, median: epochs('sampled').median },
      exact: { min: exact.min, median: exact.median },
      sampled: { min: sampled.min, median: sampled.median },
      set: { min: set.min, median: set.median },
      exactToSampled: ratio(exact, sampled),
      recall: { min: Math.min(...recalls), median: median(recalls) },
      sampledToEpoch: ratio(sampled, epochs('sampled')),
      setToEpoch: ratio(set, epochs('set')),
    };
    figures[name] = figure;
    say(`  ${name}: an epoch ${seconds(figure.epoch.min)} / ${seconds(figure.epoch.median)}`);
    say(
      `    exact ${seconds(exact.min)} / ${seconds(exact.median)}, ` +
        `sampled ${seconds(sampled.min)} / ${seconds(sampled.median)}: ` +
        `exact ÷ sampled ${figure.exactToSampled.toFixed(1)}, ` +
        `sampled ÷ epoch ${figure.sampledToEpoch.toFixed(2)}, ` +
        `recall ${figure.recall.median.toFixed(4)} (least ${figure.recall.min.toFixed(4)})`,
    );
    say(`    SET ${seconds(set.min)} / ${seconds(set.median)}: ÷ epoch ${figure.setToEpoch.toFixed(3)}`);
  }
  const thisToLts = figures.lts && {
    epoch: ratio(...['this', 'lts'].map((name) => summarize(turns[name].set.map(({ train }) => train)))),
    sampled: ratio(
      ...['this', 'lts'].map((name) => summarize(turns[name].sampled.map((turn) => turn.evolve))),
    ),
  };
  return { setting, accuracy: trained.accuracy, data: trained.data, nodes: figures, thisToLts };
}
