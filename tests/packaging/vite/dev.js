// Vite's development server, with the mode that is asked for, on the next free port. It tells which on file descriptor 3.
import { writeSync } from 'node:fs';

import { createServer } from 'vite';

const server = await createServer({ root: import.meta.dirname, mode: process.argv[2], server: { host: '127.0.0.1' } });
await server.listen();
writeSync(3, `http://127.0.0.1:${server.httpServer.address().port}\n`);
