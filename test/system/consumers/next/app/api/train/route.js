import { pathToFileURL } from 'node:url';
import { consume } from '../../../program.js';

export async function GET(request) {
  const threads = Number(new URL(request.url).searchParams.get('threads') ?? 1);
  return Response.json(await consume(threads, { module: pathToFileURL('method.js') }));
}
