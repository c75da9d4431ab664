// One count for the whole module: two signers with the same key must not use the same nonce.
let count = 0;
let round = 0;

/** Returns the next number, as 32 digits: the form of a random nonce. */
export const countingNonce = (): string => String(++count).padStart(32, '0');

/**
 * Starts the nonces of test signers again at 1, and lets test verifiers forget all nonces. Call it before each test, so that the
 * signatures of a test do not depend on the tests before it.
 *
 * @example
 * import { resetNonces, testSigner } from 'countersign/testing';
 *
 * const signer = testSigner();
 * resetNonces();
 * const { headers } = await signer.sign('https://api.example.com/v1/orders');
 * console.log(headers.get('x-api-nonce')); // → 00000000000000000000000000000001
 */
export function resetNonces(): void {
  count = 0;
  round++;
}

/** Returns a number that changes when the nonces start again. */
export const currentRound = (): number => round;
