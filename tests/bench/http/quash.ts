import * as quash from '../verify/quash.ts';
import { guard } from './guard.ts';

export default guard(quash);
