import type { CredentialsProvider } from '../client/key.ts';
import { createSigner, type Signer, type SignerOptions, type SigningOptions } from '../client/signer.ts';
import type { Credentials } from '../core/credentials.ts';
import { fail } from '../core/errors.ts';
import { type OptionNames, requireKnownOptions } from '../server/known-options.ts';
import { testCredentials } from './keys.ts';
import { countingNonce } from './nonces.ts';

/**
 * A clock that always returns 2026-01-01T00:00:00Z, in milliseconds since the epoch. Test signers use it. Give it to the verifier that
 * judges their requests.
 *
 * @example
 * import { testClock } from 'countersign/testing';
 *
 * console.log(new Date(testClock()).toISOString()); // → 2026-01-01T00:00:00.000Z
 */
export const testClock = (): number => Date.UTC(2026, 0, 1);

/** Options of `testSigner`: those of `createSigner`, with other defaults. */
export type TestSignerOptions = SigningOptions & {
  /** Credentials, or a function that returns credentials or a promise of them. @default testCredentials */
  readonly credentials?: Credentials | CredentialsProvider;
};

/**
 * Creates a signer with a fixed clock and counting nonces, so that the same requests have the same signatures in every run.
 *
 * @param options.clock the time in milliseconds since the epoch. @default testClock
 * @param options.nonce returns a unique string. @default 32 digits that count from 1
 * @throws SignatureError the codes of `createSigner`.
 * @example
 * import { testSigner } from 'countersign/testing';
 *
 * const { headers } = await testSigner().sign('https://api.example.com/v1/orders');
 * console.log(headers.get('x-api-timestamp')); // → 1767225600
 */
export const testSigner = (options: TestSignerOptions = {}): Signer =>
  createSigner({ credentials: testCredentials, clock: testClock, nonce: countingNonce, ...options });

/** What `withTestSigners` fixes. */
export type FixedOptions = {
  /** The time in milliseconds since the epoch. Pass `() => Date.now()` for fake timers. @default testClock */
  readonly clock?: () => number;
  /** Returns a unique string: 16 to 128 characters of A-Z a-z 0-9 _ - @default 32 digits that count from 1 */
  readonly nonce?: () => string;
};

const fixedNames: OptionNames<FixedOptions> = { clock: true, nonce: true };

/** What `withTestSigners` needs of the module `countersign`. */
export type ModuleWithSigners = { createSigner(options: SignerOptions): Signer };

/**
 * Returns a copy of the module `countersign` whose `createSigner` makes signers with a fixed clock and counting nonces, so that an
 * app that makes its signer itself signs the same in every run. For `vi.mock` and `jest.mock`. The clock and the nonces that the app
 * sets are not used. Everything else is the real module.
 *
 * @throws SignatureError `invalid_configuration` for an unknown option, or if the first argument is not the module.
 * @example
 * import * as countersign from 'countersign';
 * import { resetNonces, testCredentials, withTestSigners } from 'countersign/testing';
 *
 * const { createSigner } = withTestSigners(countersign);
 * resetNonces();
 * const { headers } = await createSigner(testCredentials).sign('https://api.example.com/v1/orders');
 * console.log(headers.get('x-api-nonce')); // → 00000000000000000000000000000001
 */
export function withTestSigners<Module extends ModuleWithSigners>(module: Module, options: FixedOptions = {}): Module {
  requireKnownOptions(options, fixedNames, 'withTestSigners()');
  requireModule(module);
  const { clock = testClock, nonce = countingNonce } = options;
  const fixed = { clock: fixedValue(clock), nonce: fixedValue(nonce) };
  return {
    ...module,
    // By descriptors: a generated secret is not enumerable, so spreading would lose it.
    createSigner: (given: SignerOptions) =>
      module.createSigner(
        Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(given), ...fixed }) as SignerOptions,
      ),
  };
}

const fixedValue = (value: unknown): PropertyDescriptor => ({ value, enumerable: true });

function requireModule(module: ModuleWithSigners): void {
  if (typeof module?.createSigner !== 'function') {
    fail('invalid_configuration', 'withTestSigners() takes first the module countersign: await importOriginal().');
  }
}
