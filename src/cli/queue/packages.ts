import { CtreError, reasonOf } from '../../base/errors.ts';

/** The packages of a queue. They are optional peers, and imported when a queue is asked for. */
export interface QueuePackages {
  readonly bullmq: typeof import('bullmq');
  readonly Redis: typeof import('ioredis').Redis;
}

/** @throws CtreError `E_UNSUPPORTED` where one is not installed. */
export async function loadQueuePackages(): Promise<QueuePackages> {
  const [bullmq, { Redis }] = await Promise.all([
    found('bullmq', import('bullmq')),
    found('ioredis', import('ioredis')),
  ]);
  return { bullmq, Redis };
}

async function found<T>(name: string, loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (cause) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `--queue needs the packages bullmq and ioredis, and ${name} cannot be loaded (${reasonOf(cause)}); ` +
        'run npm install bullmq ioredis where ctre is installed',
      { cause },
    );
  }
}
