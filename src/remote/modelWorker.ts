// The file of a WorkerModel's worker, and of that worker's threads on a page: messages tell which it is. The
// build puts all that it imports into it (scripts/worker.mjs). It is exported as ctre/worker.

import '../run/worker.mjs';
import { answerCalls } from './modelCalls.ts';

answerCalls();
