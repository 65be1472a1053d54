// Compiled by `npm run check`, never run: a directive that finds no error below it is one.
import type { RedisClientType } from 'redis';
import type theirs from 'jwt-redis';

import JWTR, {
  JsonWebTokenError,
  type LabelOptions,
  NotBeforeError,
  type StoreError,
  TokenDestroyedError,
  TokenExpiredError,
  TokenInvalidError,
} from '../../src/server/jwt-redis.js';
import { CLIENTS } from './stores/redis-clients.ts';

declare const client: RedisClientType;

// As programs are that were written against the types of jwt-redis.
class TokenService {
  private readonly jwtr: JWTR;

  constructor(client: RedisClientType) {
    this.jwtr = new JWTR(client, { prefix: 'app:' });
  }

  async login(sub: string): Promise<string> {
    return this.jwtr.sign({ sub, jti: 'j' }, 'secret', { expiresIn: '15m', algorithm: 'HS256' });
  }

  async user(token: string): Promise<string> {
    interface Claims {
      sub: string;
      jti: string;
    }
    const { sub } = await this.jwtr.verify<Claims>(token, Buffer.from('secret'), { algorithms: ['HS256'] });
    return sub;
  }

  async logout(token: string): Promise<boolean> {
    const { jti } = this.jwtr.decode<{ jti: string }>(token);
    return this.jwtr.destroy(jti);
  }
}
const service = new TokenService(client);
const jwtr: JWTR = new JWTR(client);
export const sign: (payload: { user: number }, secret: string) => Promise<string> = jwtr.sign;
export const destroy: (jti: string) => Promise<boolean> = jwtr.destroy;
jwtr.sign(new (class User {})(), { key: 'PEM', passphrase: 'open' });
jwtr
  .verify('token', (header, callback) => callback(null, header.kid))
  .then(({ jti }) => console.log(jti?.length))
  .catch((error) => {
    if (error instanceof TokenExpiredError) console.log(error.expiredAt.getTime());
    if (error instanceof NotBeforeError) console.log(error.date.getTime());
    console.log(error instanceof TokenDestroyedError, error instanceof TokenInvalidError, error instanceof JsonWebTokenError);
  });
console.log(new TokenDestroyedError().message, new TokenInvalidError('why').message, service);

// What theirs can be given for, ours can; but for the algorithm `none`.
type Theirs = InstanceType<typeof theirs.default>;
const theirJwtr: Pick<Theirs, 'destroy' | 'decode'> = jwtr;
const theirSign = (...[payload, key, options]: Parameters<Theirs['sign']>): ReturnType<Theirs['sign']> => {
  const { algorithm: _, ...rest } = options ?? {};
  return jwtr.sign(payload, key, rest);
};
const theirVerify = (...[token, key, options]: Parameters<Theirs['verify']>): ReturnType<Theirs['verify']> => {
  const { algorithms: _, ...rest } = options ?? {};
  return jwtr.verify(token, key, rest);
};
const theirConstructor: new (...args: ConstructorParameters<typeof theirs.default>) => object = JWTR;
const theirErrors: Pick<typeof theirs, 'TokenDestroyedError' | 'TokenInvalidError'> = { TokenDestroyedError, TokenInvalidError };
console.log(theirJwtr, theirSign, theirVerify, theirConstructor, theirErrors);

// As ES modules have it.
console.log(new JWTR.default(client));

// More than there.
for (const connect of Object.values(CLIENTS)) new JWTR((await connect('socket')).client, { timeout: 500 });
const options: LabelOptions = { prefix: undefined };
jwtr.destroy('token', 'secret', { algorithms: ['HS256'] }).catch(({ code }: StoreError) => console.log(code, options));
jwtr.sign({}, 'secret', { jwtid: 'j' });

// @ts-expect-error the whole of a client
new JWTR({ client });
// @ts-expect-error a misspelt option
new JWTR(client, { prefx: 'app:' });
// @ts-expect-error a payload has claims
jwtr.sign('text', 'secret');
// @ts-expect-error a jti is text
jwtr.sign({ jti: 5 }, 'secret');
// @ts-expect-error what it destroyed has to be said
jwtr.destroy();
// @ts-expect-error it has to be looked at what a token says
jwtr.decode('token').jti;
