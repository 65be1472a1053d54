/** The peer, in Node and in workerd alike. */
import { decodeJwt } from 'jose';

/** Whether every iteration came out as it should. */
export function decode(token: string, iterations: number): boolean {
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    if (decodeJwt(token).sid === undefined) return false;
  }
  return true;
}
