import * as hono from './hono.ts';
import * as jose from './jose.ts';
import { withKv } from './kv.ts';
import type { Peer } from './peer.ts';
import * as quash from './quash.ts';
import * as subtle from './subtle.ts';
import * as tsndr from './tsndr.ts';

/** Those that run in workerd, as they are printed. */
export const PEERS: Record<string, Peer<any>> = {
  quash,
  jose,
  hono,
  tsndr,
  subtle,
  'jose+kv': withKv(jose.prepare),
  'hono+kv': withKv(hono.prepare),
};
