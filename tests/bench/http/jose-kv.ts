import { prepare } from '../verify/jose.ts';
import { withKv } from '../verify/kv.ts';
import { guard } from './guard.ts';

export default guard(withKv(prepare));
