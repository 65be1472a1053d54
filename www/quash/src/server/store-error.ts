/**
 * What went wrong with a store:
 *
 * - `store_unavailable`: it could not be reached, refused, or took too long. What was appended may be there or not.
 * - `store_conflict`: others kept changing the same row. What was appended is not there.
 * - `store_incomplete`: it lost something that was revoked, or has something that cannot be read. Nobody knows what that was.
 */
export type StoreErrorCode = 'store_unavailable' | 'store_conflict' | 'store_incomplete';

/** An outage: nothing is known of any revocation, so no token may be taken for good. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
