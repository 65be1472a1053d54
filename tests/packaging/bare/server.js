// A log-out on a server, which has no browser to wipe: a report, whatever cannot be done there.
import { logout } from 'quash';

const [endpoint] = process.argv.slice(2);
console.log(JSON.stringify(await logout({ endpoint, token: 'a.b.c', wipe: 'everything' })));
