// The development server, or what was built, on a port that it prints as its only line. It ends with its standard
// input.
import { createServer, preview } from 'vite';

const place = { host: '127.0.0.1', port: 0 };
const server =
  process.argv[2] === 'preview'
    ? await preview({ logLevel: 'warn', preview: place })
    : await createServer({ logLevel: 'warn', server: place }).then((created) => created.listen());
console.log(server.httpServer.address().port);
process.stdin.on('end', () => process.exit()).resume();
