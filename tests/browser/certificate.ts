/**
 * A certificate that signs for itself, for a server of the tests: browsers are told to accept it, and a file would run out.
 * node:crypto makes keys and signatures. What X.509 (RFC 5280, section 4.1) puts around them is written here.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** PEM, as node:tls takes both. */
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;

/**
 * Good for a day, and since yesterday: a clock may be behind. Where `isNamed`, it says so of whom it is as verifiers want it that
 * are not told to accept it (RFC 9525 section 2).
 */
export function selfSigned(host: string, now = Date.now(), isNamed = false): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(COMMON_NAME, der(UTF8_STRING, Buffer.from(host)))));
  const algorithm = sequence(ECDSA_WITH_SHA256);
  // Firefox refuses two certificates of one issuer with the same number. With a 1 in front it is no negative one.
  const serial = der(INTEGER, Buffer.of(1), randomBytes(8));
  const validity = sequence(time(now - DAY_MS), time(now + DAY_MS));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const alternative = sequence(SUBJECT_ALT_NAME, der(OCTET_STRING, sequence(der(DNS_NAME, Buffer.from(host)))));
  const [version, extensions] = isNamed ? [[der(0xa0, der(INTEGER, Buffer.of(2)))], [der(0xa3, sequence(alternative))]] : [[], []];
  const signed = sequence(...version, serial, algorithm, name, validity, name, spki, ...extensions);
  const signature = der(BIT_STRING, Buffer.of(0), sign('sha256', signed, privateKey)); // Of its last byte 0 bits are unused.
  const cert = sequence(signed, algorithm, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${cert.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}

// DER's tags (X.690), and object identifiers as they are encoded: 2.5.4.3, 2.5.29.17 and 1.2.840.10045.4.3.2.
const [INTEGER, BIT_STRING, OCTET_STRING, UTF8_STRING, UTC_TIME, SEQUENCE, SET, DNS_NAME] = [0x02, 0x03, 0x04, 0x0c, 0x17, 0x30, 0x31, 0x82];
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex');
const ECDSA_WITH_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex');

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(SEQUENCE, ...parts);
}

function set(...parts: readonly Buffer[]): Buffer {
  return der(SET, ...parts);
}

/** `YYMMDDHHMMSSZ`. */
function time(milliseconds: number): Buffer {
  return der(UTC_TIME, Buffer.from(`${new Date(milliseconds).toISOString().slice(2, 19).replace(/\D/g, '')}Z`));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  // From 128 on a length has a length itself; browsers insist on the shortest.
  const size = [content.length >> 8, content.length & 0xff].filter((byte, at) => at === 1 || byte > 0);
  const length = content.length < 0x80 ? size : [0x80 + size.length, ...size];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}
