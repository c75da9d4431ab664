import type { Scheme } from '../core/scheme.ts';
import type { SignatureExplanation } from '../explain/explanation.ts';
import { type OptionNames, readOptions } from '../server/known-options.ts';
import { describeExplanation, requestLine } from './describe-explanation.ts';
import { copyOf, explainRequest } from './explain-request.ts';
import { keyStoreOf, recordOf, type TestKey } from './keys.ts';

/** Options of the matcher `toBeSignedBy`. */
export type SignedByOptions = {
  /** The scheme that the request should be signed with. @default countersignV1 */
  readonly scheme?: Scheme;
  /** The time in milliseconds since the epoch at which the signature must be fresh. @default the time of the signature */
  readonly clock?: () => number;
};

const names: OptionNames<SignedByOptions> = { scheme: true, clock: true };

/** The result of a matcher, for vitest and jest. */
export type MatcherResult = { readonly pass: boolean; message(): string };

/** The matchers as `expect` has them, to declare them for a test runner. `Result` is `Promise<void>`. */
export type SignatureMatchers<Result> = {
  /** Passes if a server that knows only this key accepts the request. The message of a failure explains why it does not. */
  toBeSignedBy(key: TestKey, options?: SignedByOptions): Result;
};

/**
 * Matchers for `expect.extend` of vitest and jest.
 *
 * `toBeSignedBy(key, options)` passes if a server that knows only this key accepts the request. It takes a `Request`, reads a copy of
 * its body, and must be awaited. The age of the request does not matter unless `clock` is set.
 */
export const signatureMatchers: {
  toBeSignedBy(received: unknown, key: TestKey, options?: SignedByOptions): Promise<MatcherResult>;
} = {
  async toBeSignedBy(received, key, options = {}) {
    const request = copyOf(received, 'toBeSignedBy()');
    const given = readOptions(options, names, 'toBeSignedBy()');
    const explanation = await explainRequest(request, { ...given, keys: keyStoreOf([key]) });
    return { pass: explanation.verified, message: () => describeMatch(explanation, recordOf(key).accessKey) };
  },
};

function describeMatch(explanation: SignatureExplanation, accessKey: string): string {
  const line = requestLine(explanation);
  return explanation.verified
    ? `${line} is signed by ${accessKey}.`
    : `${line} is not signed by ${accessKey}: ${explanation.code}\n${describeExplanation(explanation)}`;
}
