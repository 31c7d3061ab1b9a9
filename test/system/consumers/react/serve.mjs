// The development server, on a port that it prints as its only line. It ends with its standard input.
import { createServer } from 'vite';

const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
const server = await createServer({
  logLevel: 'warn',
  server: { host: '127.0.0.1', port: 0, headers, hmr: false },
});
await server.listen();
console.log(server.httpServer.address().port);
process.stdin.on('end', () => server.close().then(() => process.exit())).resume();
