/** Where ours does something else than jsonwebtoken, on purpose: each with what jsonwebtoken does, so that a change there is seen. */
import assert from 'node:assert/strict';
import { constants, createHmac, createSecretKey, sign as signBytes } from 'node:crypto';
import { describe, test } from 'node:test';

import jsonwebtoken from 'jsonwebtoken';
import * as quash from 'quash/server';

import { ED25519, K256, P256, P384, P521, pem, PSS, RSA, SECRET } from './keys.ts';
import { compact, messageOf, outcomeOf } from './outcome.ts';

/** As JavaScript sees it, which checks no types. */
type Library = Record<'sign' | 'verify' | 'decode', (...args: any[]) => any>;
type Call = (library: Library) => unknown;
const theirs = jsonwebtoken as unknown as Library;
const ours = quash as unknown as Library;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const HS256 = { alg: 'HS256', typ: 'JWT' };

const hmac =
  (secret: string | Buffer = SECRET) =>
  (input: string) =>
    createHmac('sha256', secret).update(input).digest('base64url');

/** jsonwebtoken is content, and ours says this. */
function refuses(message: string, call: Call): void {
  const expected = outcomeOf(() => call(theirs));
  assert.ok('value' in expected, messageOf(expected));
  assert.equal(messageOf(outcomeOf(() => call(ours))), message);
}

/** Ours is content, and jsonwebtoken says something like this. */
function takes(message: RegExp, call: Call): unknown {
  assert.match(messageOf(outcomeOf(() => call(theirs))) ?? 'nothing', message);
  return call(ours);
}

describe('unsigned: no token is good without a signature', () => {
  test('none is made', () => {
    refuses('"algorithm" must be a valid string enum value', ({ sign }) => sign({}, SECRET, { algorithm: 'none' }));
    refuses('"algorithm" must be a valid string enum value', ({ sign }) => sign({}, SECRET, { header: { alg: 'none' } }));
    refuses('secretOrPrivateKey must have a value', ({ sign }) => sign({}, null, { algorithm: 'none' }));
  });

  test('none is taken', () => {
    const unsigned = compact({ alg: 'none' }, {});
    for (const key of ['', null, undefined]) {
      refuses('jwt signature is required', ({ verify }) => verify(unsigned, key, { algorithms: ['none'] }));
    }
    const token = compact({ alg: 'none' }, {}, hmac());
    const message = messageOf(outcomeOf(() => ours.verify(token, SECRET, { algorithms: ['none', 'HS256'] })));
    assert.equal(message, 'invalid algorithm');
  });
});

describe('spelling: a token has one', () => {
  for (const [algorithm, pair, isLax] of [
    ['RS256', RSA, true],
    ['PS256', RSA, true],
    ['ES256', P256, true],
    // Of 132 bytes no bits are left over.
    ['ES512', P521, false],
    // jsonwebtoken does not know it.
    ['EdDSA', ED25519, false],
  ] as const) {
    test(`of an ${algorithm} signature`, () => {
      const token = ours.sign({}, pair.privateKey, { algorithm }) as string;
      const spellings = [...ALPHABET].map((last) => token.slice(0, -1) + last);
      const good = (library: Library) =>
        spellings.filter((other) => 'value' in outcomeOf(() => library.verify(other, pair.publicKey)));
      assert.deepEqual(good(ours), [token]);
      assert.equal(good(theirs).length > 1, isLax);
      for (const end of ['=', '==', 'A', 'AA', ' ']) {
        assert.match(messageOf(outcomeOf(() => ours.verify(token + end, pair.publicKey))) ?? '', /^invalid (token|signature)$/);
      }
    });
  }

  test('of a header and of a payload', () => {
    for (const [header, payload] of [
      ['eyJhbGciOiJIUzI1NiJ9', 'eyJhIjoxMX1'],
      ['eyJhbGciOiJIUzI1NiIgfR', 'eyJhIjoxfQ'],
    ]) {
      const input = `${header}.${payload}`;
      const token = `${input}.${hmac()(input)}`;
      refuses('invalid token', ({ verify }) => verify(token, SECRET));
      assert.equal(ours.decode(token), null);
    }
  });
});

describe('crit: an extension that is not understood is refused (RFC 7515 section 4.1.11)', () => {
  for (const crit of [['exp'], [], null, 'b64']) {
    test(JSON.stringify(crit), () => {
      refuses('crit is not supported', ({ verify }) => verify(compact({ ...HS256, crit }, {}, hmac()), SECRET));
    });
  }
});

describe('header: it is a JSON object in UTF-8 (RFC 7515 section 5.2)', () => {
  test('a key id that is not ASCII stays what it is', () => {
    const keyid = 'ключ';
    const kid = ({ sign, decode }: Library) => decode(sign({}, SECRET, { keyid }), { complete: true }).header.kid;
    assert.equal(kid(ours), keyid);
    assert.notEqual(kid(theirs), keyid);
  });

  test('other bytes are refused', () => {
    const input = `${Buffer.from('{"alg":"HS256","kid":"\xff"}', 'latin1').toString('base64url')}.e30`;
    refuses('invalid token', ({ verify }) => verify(`${input}.${hmac()(input)}`, SECRET));
    const marked = compact(`\ufeff${JSON.stringify(HS256)}`, {}, hmac());
    assert.equal(messageOf(outcomeOf(() => ours.verify(marked, SECRET))), 'invalid token');
  });

  test('what is no object is no header', () => {
    for (const header of [[], 5, 'text', true]) {
      const token = compact(JSON.stringify(header), 'text');
      assert.equal(theirs.decode(token), 'text');
      assert.equal(ours.decode(token), null);
    }
  });
});

test('null: a payload `null` is refused as what it is', () => {
  const token = compact(HS256, 'null', hmac());
  assert.match(messageOf(outcomeOf(() => theirs.verify(token, SECRET))) ?? '', /^Cannot read properties of null/);
  assert.equal(messageOf(outcomeOf(() => ours.verify(token, SECRET))), 'invalid token');
});

describe('ecdsa: a signature that is none is refused like any other', () => {
  const INPUT = compact({ alg: 'ES256' }, {}).slice(0, -1);
  const ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  const RIGHT = signBytes('sha256', Buffer.from(INPUT), { key: P256.privateKey, dsaEncoding: 'ieee-p1363' });
  const halves = (signature: Buffer) => [signature.subarray(0, 32), signature.subarray(32)];
  const [zero, one] = [Buffer.alloc(32), Buffer.from('1'.padStart(64, '0'), 'hex')];
  const SIGNATURES: Record<string, Buffer> = {
    'all zero': Buffer.alloc(64),
    'R zero': Buffer.concat([zero, one]),
    'S zero': Buffer.concat([one, zero]),
    'R the order': Buffer.concat([ORDER, one]),
    'S the order': Buffer.concat([one, ORDER]),
    'all ones': Buffer.alloc(64, 0xff),
    short: Buffer.alloc(63, 1),
    long: Buffer.alloc(65, 1),
    'a byte': Buffer.alloc(1, 1),
    'of another curve': Buffer.alloc(96, 1),
    // A longer spelling of one that is right.
    'with zeros before R and S': Buffer.concat(halves(RIGHT).flatMap((half) => [Buffer.alloc(1), half])),
    'in DER': signBytes('sha256', Buffer.from(INPUT), P256.privateKey),
  };
  for (const [name, signature] of Object.entries(SIGNATURES)) {
    test(name, () => {
      const token = compact({ alg: 'ES256' }, {}, () => signature.toString('base64url'));
      const { class: constructor, message } = (outcomeOf(() => ours.verify(token, P256.publicKey)) as any).error;
      assert.deepEqual([constructor, message], ['JsonWebTokenError', 'invalid signature']);
      const isOdd = /signatures must be "64" bytes/.test(messageOf(outcomeOf(() => theirs.verify(token, P256.publicKey))) ?? '');
      assert.equal(isOdd, signature.length !== 64);
    });
  }

  test('R and S of any length are written and read', () => {
    for (const [algorithm, { privateKey, publicKey }] of [
      ['ES256', P256],
      ['ES384', P384],
      ['ES512', P521],
    ] as const) {
      // One of 256 begins with a zero byte, one of two with a set bit.
      for (let n = 0; n < 400; n++) {
        const [signer, verifier] = n % 2 ? [theirs, ours] : [ours, theirs];
        verifier.verify(signer.sign({ n }, privateKey, { algorithm }), publicKey);
      }
    }
  });
});

describe('prototype: what objects have by themselves are names like others', () => {
  test('of claims', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
      const payload = takes(/isValid is not a function/, ({ sign, verify }) => verify(sign({ [name]: 'a', iat: 1 }, SECRET), SECRET));
      assert.deepEqual(payload, { [name]: 'a', iat: 1 });
    }
  });

  test('__proto__ of a payload', () => {
    const payload = JSON.parse('{"__proto__":{"exp":1,"isAdmin":true},"iat":1}');
    const decoded = takes(/isValid is not a function/, ({ sign, verify }) => verify(sign(payload, SECRET), SECRET)) as object;
    assert.equal(JSON.stringify(decoded), JSON.stringify(payload));
    assert.equal(Reflect.get(decoded, 'isAdmin'), undefined);
  });

  test('of options and algorithms', () => {
    const message = messageOf(outcomeOf(() => ours.sign({}, SECRET, { constructor: 1 })));
    assert.equal(message, '"constructor" is not allowed in "options"');
    for (const alg of ['constructor', '__proto__']) {
      const token = compact({ alg }, {}, hmac());
      assert.equal(messageOf(outcomeOf(() => ours.verify(token, SECRET, { algorithms: [alg] }))), 'invalid algorithm');
    }
  });
});

describe('pem: a PEM that cannot be read is not the secret that its letters would be', () => {
  const publicPem = pem(RSA.publicKey);
  const escaped = publicPem.replaceAll('\n', '\\n');

  test('so nobody can sign with a public key that was copied wrongly', () => {
    for (const key of [escaped, Buffer.from(escaped)]) {
      refuses('secretOrPublicKey is not valid key material', ({ verify }) => verify(compact(HS256, {}, hmac(escaped)), key));
      refuses('secretOrPrivateKey is not valid key material', ({ sign }) => sign({}, key));
    }
  });

  test('nor with one that was taken for a secret', () => {
    refuses('secretOrPrivateKey must be a symmetric key when using HS256', ({ sign }) => sign({}, publicPem));
    for (const key of [publicPem, { key: publicPem }]) {
      const message = messageOf(outcomeOf(() => ours.sign({}, key, { algorithm: 'RS256' })));
      assert.equal(message, 'secretOrPrivateKey must be an asymmetric key when using RS256');
    }
  });
});

test('empty: a secret of no bytes is none', () => {
  for (const key of [Buffer.alloc(0), new Uint8Array(0), createSecretKey(Buffer.alloc(0))]) {
    refuses('secretOrPrivateKey must have a value', ({ sign }) => sign({}, key));
    refuses('secret or public key must be provided', ({ verify }) => verify(compact(HS256, {}, hmac(Buffer.alloc(0))), key));
  }
});

test('tolerance: a clockTolerance that is no number is refused', () => {
  const expired = theirs.sign({ exp: 1 }, SECRET);
  refuses('clockTolerance must be a number', ({ verify }) => verify(expired, SECRET, { clockTolerance: '9999999999' }));
});

describe('absent: a claim that is not there is nobody', () => {
  const token = theirs.sign({}, SECRET);

  test('for an audience', () => {
    refuses('jwt audience invalid. expected: /./', ({ verify }) => verify(token, SECRET, { audience: /./ }));
    refuses('jwt audience invalid. expected: ', ({ verify }) => verify(token, SECRET, { audience: [undefined] }));
  });

  test('for an issuer', () => {
    refuses('jwt issuer invalid. expected: ', ({ verify }) => verify(token, SECRET, { issuer: [undefined] }));
  });
});

test('issuer: one that is neither a string nor an array is no reason to check none', () => {
  refuses('jwt issuer invalid. expected: /x/', ({ verify }) => verify(theirs.sign({ iss: 'a' }, SECRET), SECRET, { issuer: /x/ }));
});

test('global: an audience with the flag `g` means the same each time', () => {
  const token = theirs.sign({ aud: 'api' }, SECRET);
  const thrice = (library: Library, audience: RegExp) =>
    [1, 2, 3].map(() => 'value' in outcomeOf(() => library.verify(token, SECRET, { audience })));
  assert.deepEqual(thrice(theirs, /api/g), [true, false, true]);
  assert.deepEqual(thrice(ours, /api/g), [true, true, true]);
});

test('age: a token of 1970 is old', () => {
  const token = compact(HS256, { iat: 0 }, hmac());
  refuses('maxAge exceeded', ({ verify }) => verify(token, SECRET, { maxAge: '1h' }));
});

describe('algorithm: only what is known by its whole name', () => {
  test('where one string names them', () => {
    const token = theirs.sign({}, SECRET);
    refuses('invalid algorithm', ({ verify }) => verify(token, SECRET, { algorithms: 'HS256,HS384' }));
    assert.ok(ours.verify(token, SECRET, { algorithms: 'HS256' }));
  });

  test('otherwise it is refused like one that is not allowed', () => {
    const token = compact({ alg: 'XX' }, {}, hmac());
    const messages = [theirs, ours].map(({ verify }) => messageOf(outcomeOf(() => verify(token, SECRET, { algorithms: ['XX'] }))));
    assert.match(messages[0] ?? '', /is not a valid algorithm/);
    assert.equal(messages[1], 'invalid algorithm');
    for (const alg of ['XX', 5, undefined]) {
      const message = messageOf(outcomeOf(() => ours.sign({}, SECRET, { header: { alg } })));
      assert.equal(message, '"algorithm" must be a valid string enum value');
    }
  });
});

test('key type: whatever `allowInvalidAsymmetricKeyTypes` lets in, a signature is right or it is not', () => {
  const options = { algorithm: 'ES256', allowInvalidAsymmetricKeyTypes: true };
  for (const { privateKey } of [RSA, P384, PSS]) {
    // Some of RSA look like one of ECDSA.
    for (let n = 0; n < 100; n++) {
      assert.equal(messageOf(outcomeOf(() => ours.sign({ n }, privateKey, options))), 'The key makes no signatures of 64 bytes.');
    }
  }
  assert.ok(ours.verify(ours.sign({}, K256.privateKey, options), K256.publicKey, options));
  for (const algorithm of ['RS384', 'ES256', 'EdDSA']) {
    const token = compact({ alg: algorithm }, {}, () => Buffer.alloc(64, 1).toString('base64url'));
    const verifying = () => ours.verify(token, PSS.publicKey, { ...options, algorithms: [algorithm] });
    assert.equal(messageOf(outcomeOf(verifying)), 'invalid signature');
  }
  // Short tokens are signed, too: jsonwebtoken takes their length for that of the key.
  const ec = { algorithm: 'RS256', allowInvalidAsymmetricKeyTypes: true };
  takes(/minimum key size/, ({ sign }) => sign({}, P256.privateKey, ec));
});

describe('callback: it is called once', () => {
  const count = async (library: Library, payload: unknown, options: object) => {
    const told: (string | undefined)[] = [];
    const call = () => library.sign(payload, SECRET, options, (error: Error | null) => told.push(error?.message ?? 'token'));
    const thrown = messageOf(outcomeOf(call));
    await new Promise((resolve) => setTimeout(resolve, 10));
    return thrown ? `throws ${thrown}` : told.join(', ');
  };

  test('not twice', async () => {
    const message = 'Bad "options.subject" option. The payload already has an "sub" property.';
    assert.equal(await count(theirs, { sub: 'a' }, { subject: 'b' }), `${message}, token`);
    assert.equal(await count(ours, { sub: 'a' }, { subject: 'b' }), message);
  });

  test('not never', async () => {
    assert.equal(await count(theirs, '', {}), '');
    assert.equal(await count(ours, '', {}), 'token');
    assert.equal(await count(theirs, 5, {}), 'throws Unexpected data type (number)');
    assert.equal(await count(ours, 5, {}), 'token');
  });

  test('not with what it has thrown itself', () => {
    const token = ours.sign({}, SECRET);
    let calls = 0;
    const callback = () => {
      calls += 1;
      throw new Error('of the callback');
    };
    for (const key of [SECRET, '']) assert.throws(() => ours.verify(token, key, callback), /of the callback/);
    assert.throws(() => ours.sign([], SECRET, callback), /of the callback/);
    assert.equal(calls, 3);
  });

  test('at once by `verify`, later by `sign`, as by jsonwebtoken', async () => {
    for (const { sign, verify } of [theirs, ours]) {
      const token = sign({}, SECRET);
      const told: string[] = [];
      const signed = new Promise<void>((resolve) => sign({}, SECRET, () => resolve(void told.push('signed'))));
      verify(token, SECRET, () => told.push('verified'));
      verify(token, SECRET, assert.fail, () => told.push('verified again'));
      await signed;
      assert.deepEqual(told, ['verified', 'verified again', 'signed']);
    }
  });
});

test('boxed: `new String` is no string, `new Number` no number, `new Boolean` neither', () => {
  refuses('"issuer" must be a string', ({ sign }) => sign({}, SECRET, { issuer: new String('a') }));
  refuses('"exp" should be a number of seconds', ({ sign }) => sign({ exp: new Number(1) }, SECRET));
  refuses('"noTimestamp" must be a boolean', ({ sign }) => sign({}, SECRET, { noTimestamp: new Boolean(true) }));
});
