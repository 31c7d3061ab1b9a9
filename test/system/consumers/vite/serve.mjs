// The development server, on a port that it prints as its only line. It ends with its standard input.
import { createServer } from 'vite';

const [headers] = process.argv.slice(2);
const server = await createServer({
  root: import.meta.dirname,
  logLevel: 'warn',
  server: { host: '127.0.0.1', port: 0, headers: JSON.parse(headers), fs: { allow: ['..'] }, hmr: false },
});
await server.listen();
console.log(server.httpServer.address().port);
process.stdin.on('end', () => server.close().then(() => process.exit())).resume();
