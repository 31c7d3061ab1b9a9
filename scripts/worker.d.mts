/** Makes remote/modelWorker.js of compiled TypeScript whole. */
export function completeWorker(folder: string): Promise<void>;
