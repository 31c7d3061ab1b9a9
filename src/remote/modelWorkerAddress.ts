// As modelWorker.ts, where a development server has put it into a bundle of dependencies. run/workerAddress.ts
// is the same for threads.

import '../run/worker.mjs';
import { answerCalls } from './modelCalls.ts';
import { MODEL_WORKER } from './protocol.ts';

export const address: string | undefined = import.meta.webpack ? undefined : import.meta.url;

if (Reflect.get(globalThis, 'name') === MODEL_WORKER) answerCalls();
