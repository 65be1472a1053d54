/** Something was refused, or could not be done. */
export class QuashError extends Error {
  override readonly name = 'QuashError';
  /** What, in a word that does not change: docs/errors.md. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
