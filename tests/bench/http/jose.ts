import * as jose from '../verify/jose.ts';
import { guard } from './guard.ts';

export default guard(jose);
