// The built application, on a port that it prints as its only line. It ends with its standard input.
import { createServer } from 'node:http';
import next from 'next';

const app = next({ dev: false, dir: import.meta.dirname });
await app.prepare();
const server = createServer(app.getRequestHandler());
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
console.log(server.address().port);
process.stdin.on('end', () => process.exit()).resume();
