import { allowUnsignedPayload, createVerifier, memoryKeys, memoryReplay, type Verifier } from 'countersign/server';
import { bytesOf, type VectorKey, type VerifyCase } from './format.ts';
import { vectors } from './read.ts';

const milliseconds = ({ notBefore, expiresAt }: Pick<VectorKey, 'notBefore' | 'expiresAt'>) => ({
  ...(notBefore !== undefined && { notBefore: notBefore * 1000 }),
  ...(expiresAt !== undefined && { expiresAt: expiresAt * 1000 }),
});

const keys = memoryKeys(
  vectors.keys.map(({ accessKey, secrets, revoked = false, ...times }) => ({
    accessKey,
    service: `service of ${accessKey}`,
    secrets: secrets.map(({ secret, ...ends }) => ({ secret: bytesOf(secret), ...milliseconds(ends) })),
    revoked,
    ...milliseconds(times),
  })),
);

export type VectorVerifier = {
  readonly verifier: Verifier /** In seconds, to be set. */;
  readonly time: { now: number };
};

/** The verifier that a case describes, with a clock that stands still. */
export function verifierOf({
  verifier: { tolerance, maxBodyBytes, allowUnsignedPayload: unsigned },
}: VerifyCase): VectorVerifier {
  const time = { now: 0 };
  const clock = () => time.now * 1000;
  const options = { keys, replay: memoryReplay({ clock }), clock, tolerance, maxBodyBytes };
  return { time, verifier: createVerifier(unsigned ? { ...options, [allowUnsignedPayload]: true } : options) };
}
