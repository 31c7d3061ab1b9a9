// Two threads against one: epochs of the same model, in turns, on all cores of the machine. Beside them two
// processes of one thread each run at the same time. They share nothing, so no threads can be faster.
import { nodeProgram } from '../programs.mjs';
import { ratio, takeTurns } from '../turns.mjs';

// A core that was idle during the turn of one thread needs time to wake up. Ten short epochs are long enough
// for that, two are not.
const CASES = [
  { n: 1000, epsilon: 5, epochs: 10, data: { random: [5000, 784, 10] } },
  { n: 1000, epsilon: 20, epochs: 10, data: { random: [5000, 784, 10] } },
  { n: 100_000, epsilon: 5, epochs: 2, data: { random: [256, 3312, 5] } },
];

export async function run({ nodes, quick, say }) {
  const figures = [];
  for (const { n, epsilon, epochs, data } of quick ? CASES.slice(0, 1) : CASES) {
    const [, inputs, classes] = data.random;
    const layers = [inputs, n, n, n, classes];
    const figure = { n, epsilon, nodes: {} };
    for (const node of nodes) {
      const [program, other] = [0, 1].map(() =>
        nodeProgram(node, 'served/training.mjs', [], { pinned: false }),
      );
      const turns = {};
      try {
        const wanted = (threads) =>
          JSON.stringify({ data, method: 'set', batchSize: 128, model: { layers, epsilon, threads } });
        const train = async (where, threads, count) => (await where.ask(['epochs', threads, count])).train;
        for (const threads of [1, 2]) {
          const { warning } = await program.ask(['open', threads, wanted(threads)]);
          if (warning !== undefined) say(`${node.name}: ${warning}`);
          await train(program, threads, 2);
          turns[threads] = () => train(program, threads, epochs);
        }
        await other.ask(['open', 1, wanted(1)]);
        await train(other, 1, 2);
        turns.apart = async () =>
          (await Promise.all([program, other].map((where) => train(where, 1, epochs)))).flat();
      } catch (error) {
        say(`Threads are not measured: this version trains on one (${error.message}).`);
        for (const each of [program, other]) each.close();
        return undefined;
      }
      const found = await takeTurns(turns, { rounds: quick ? 3 : 9, seconds: 120 });
      for (const each of [program, other]) each.close();
      figure.nodes[node.name] = {
        one: { min: found[1].min, median: found[1].median },
        two: { min: found[2].min, median: found[2].median },
        speedup: ratio(found[1], found[2]),
        ceiling: 2 * ratio(found[1], found.apart),
      };
      const { one, two, speedup, ceiling } = figure.nodes[node.name];
      say(
        `n = ${n}, ε = ${epsilon}, ${node.name}: one thread ${one.median.toFixed(3)} s, ` +
          `two ${two.median.toFixed(3)} s: ${speedup.toFixed(2)} times as fast; ` +
          `two processes do ${ceiling.toFixed(2)} times the work of one`,
      );
    }
    figures.push(figure);
  }
  return { batchSize: 128, cases: figures };
}
