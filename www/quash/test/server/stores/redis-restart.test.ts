import { connect, openBy } from './redis-clients.ts';
import { survivesRestarts } from './redis-restart.ts';

survivesRestarts('quash/redis', openBy(connect));
