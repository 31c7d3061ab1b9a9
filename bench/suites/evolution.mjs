// What finding connections costs, compared with an epoch of training: the default's search among listed
// pairs, by cosine and by gradient, and how much of the choice among all pairs it finds; and SET.
import { nodeProgram } from '../programs.mjs';
import { median, ratio, summarize } from '../turns.mjs';

const KINDS = ['cosine', 'gradient'];

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
    turns[name] = { cosine: [], gradient: [], set: [] };
  }
  say(
    `${setting.rows} rows of ${trained.data}, ${setting.layers.join('-')}, ε = ${setting.epsilon}, ` +
      `after ${setting.epochs} epochs; min / median:`,
  );
  for (let round = 0; round < rounds; round++) {
    for (const [name, program] of round % 2 === 0 ? programs : programs.toReversed()) {
      for (const kind of KINDS) turns[name][kind].push(await program.ask(['grow', kind]));
      turns[name].set.push(await program.ask(['set']));
    }
  }
  const figures = {};
  for (const [name, program] of programs) {
    program.close();
    const figure = { set: summarizeSet(turns[name].set) };
    say(`  ${name}: SET ${seconds(figure.set.evolve.min)}: ÷ epoch ${figure.set.toEpoch.toFixed(3)}`);
    for (const kind of KINDS) {
      figure[kind] = summarizeKind(turns[name][kind]);
      const { exact, listed, exactToListed, listedToEpoch, recall } = figure[kind];
      say(
        `    by ${kind}: all pairs ${seconds(exact.min)} / ${seconds(exact.median)}, ` +
          `listed ${seconds(listed.min)} / ${seconds(listed.median)}: ÷ ${exactToListed.toFixed(1)}, ` +
          `listed ÷ epoch ${listedToEpoch.toFixed(3)}, recall ${recall.toFixed(3)}`,
      );
    }
    figures[name] = figure;
  }
  return { setting, accuracy: trained.accuracy, data: trained.data, nodes: figures };
}

function summarizeKind(turns) {
  const [exact, listed, epoch] = ['exact', 'listed', 'epoch'].map((what) =>
    summarize(turns.map((turn) => turn[what])),
  );
  const short = ({ min, median: middle }) => ({ min, median: middle });
  return {
    exact: short(exact),
    listed: short(listed),
    epoch: short(epoch),
    exactToListed: ratio(exact, listed),
    listedToEpoch: ratio(listed, epoch),
    recall: median(turns.map(({ recall }) => recall)),
  };
}

function summarizeSet(turns) {
  const evolve = summarize(turns.map((turn) => turn.evolve));
  const epoch = summarize(turns.map((turn) => turn.train));
  return { evolve: { min: evolve.min, median: evolve.median }, toEpoch: ratio(evolve, epoch) };
}
