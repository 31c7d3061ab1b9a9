// The worker's half of liveWorker.ts.
import type { Asked, Posted } from './liveWorker.ts';

/** The answer to a question, and what of it is handed over. */
export interface Answered {
  readonly value?: unknown;
  readonly transfer?: Transferable[];
}

const post = (message: Posted, transfer: Transferable[] = []): void =>
  globalThis.postMessage(message, { transfer });

/** Tells the page something unasked. */
export function tell(value: unknown, transfer: Transferable[] = []): void {
  post({ kind: 'told', value }, transfer);
}

/** Answers the page's questions. Each is begun when it comes; none waits for another. */
export function answerQuestions<Question>(
  answer: (question: Question) => Answered | Promise<Answered>,
): void {
  globalThis.onmessage = async ({ data }: MessageEvent<Asked>) => {
    if (data.kind === 'lock') {
      // The lock is kept as long as the worker is there.
      void navigator.locks?.request(data.name, () => {
        post({ kind: 'ready' });
        return new Promise(() => {});
      });
      if (navigator.locks === undefined) post({ kind: 'ready' });
      return;
    }
    const { id } = data;
    try {
      const { value, transfer } = await answer(data.question as Question);
      post({ kind: 'answer', id, value }, transfer);
    } catch (error) {
      const { message, code } = error as Error & { code?: unknown };
      post({ kind: 'refusal', id, message, code: typeof code === 'string' ? code : 'E_FORMAT' });
    }
  };
}
