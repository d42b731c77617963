/**
 * The one class thrown on purpose: a mistake that the user can mend (bad file, bad flag, no permission).
 * The command line prints its message as one line on stderr and exits with status 2; anything else that is
 * thrown is a bug and crashes with its stack.
 */

export type UserErrorCode = 'file' | 'flag' | 'permission' | 'output';

export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: UserErrorCode;

  /** @param message one line: names the file, the offset or the flag, and says what to do. */
  constructor(code: UserErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
