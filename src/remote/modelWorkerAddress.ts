// As modelWorker.ts, where a development server has put it into a bundle of dependencies.
// run/workerAddress.ts is the same for threads.

import '../run/worker.mjs';
import { answerCalls } from './modelCalls.ts';
import { MODEL_WORKER } from './protocol.ts';

const modelFileAddress: string | undefined = import.meta.webpack ? undefined : import.meta.url;

export { modelFileAddress as address };

if (Reflect.get(globalThis, 'name') === MODEL_WORKER) answerCalls();
