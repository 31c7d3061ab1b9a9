import type { Work } from '../run/turns.ts';
import type { Progress } from '../topology/topology.ts';
import type { GrowthCost } from './growthCost.ts';
import type { ToolSetting } from './growthTools.ts';
import { viewNetwork } from './networkView.ts';
import { ToolsAtStart } from './startTools.ts';

/** What a method does before the first step; the network has changed in whole or not at all. */
export function* startTopology(setting: ToolSetting, progress: Progress): Work<GrowthCost> {
  const { model } = setting;
  const { topology, network } = model;
  const tools = new ToolsAtStart(setting);
  let isDone = false;
  try {
    const answer = topology.start?.(viewNetwork(network, progress), model.states, tools) ?? model.states;
    model.states = 'next' in answer ? yield* answer : answer;
    isDone = true;
    return tools.cost;
  } finally {
    if (!isDone) tools.undo();
    tools.end();
  }
}
