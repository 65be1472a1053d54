import { connect, openBy } from './redis-clients.ts';
import { missesWhatIsLost } from './redis-loss.ts';

missesWhatIsLost('quash/redis', openBy(connect));
