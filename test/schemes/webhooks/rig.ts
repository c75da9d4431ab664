import { createHmac } from 'node:crypto';
import { createSigner, type Secret, type Signer } from 'countersign';
import { type StandardWebhooksOptions, standardWebhooks } from 'countersign/schemes';
import type { KeySecret, Verifier } from 'countersign/server';
import { noon, type Parts, rig, signedParts } from '../../server/rig.ts';

/** `whsec_` and the base64 of 24 bytes. */
export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const accessKey = 'standard-webhooks';

/** A signer of webhooks whose clock stands at noon. */
export const sender = (
  given: StandardWebhooksOptions & { readonly by?: Secret; readonly id?: string; readonly now?: () => number } = {},
): Signer => {
  const { by = secret, id, now = () => noon, ...options } = given;
  const scheme = standardWebhooks(options);
  return createSigner({ accessKey, secret: by, scheme, clock: now, ...(id !== undefined && { nonce: () => id }) });
};

export type Receiver = { readonly verifier: Verifier; readonly time: { now: number }; readonly claimed: string[] };

/** A verifier of webhooks at noon. */
export const receiver = (
  given: StandardWebhooksOptions & { readonly secrets?: readonly KeySecret[] } = {},
): Receiver => {
  const { secrets = [{ secret }], ...options } = given;
  return rig({ scheme: standardWebhooks(options), record: { accessKey, secrets } });
};

/** A signed message, taken apart. */
export const delivery = (signer: Signer = sender(), body: string | Uint8Array<ArrayBuffer> = '{"paid":true}'): Parts =>
  signedParts(signer, { method: 'POST', target: '/webhooks', body });

/** The parts with other headers: undefined takes one away. */
export function withHeaders(parts: Parts, headers: Readonly<Record<string, string | undefined>>): Parts {
  const all = Object.entries({ ...parts.headers, ...headers });
  return {
    ...parts,
    headers: Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
  };
}

/** What the specification says a signature is, by other means: `v1,` and base64. */
export function signatureOf(content: {
  readonly id: string;
  readonly timestamp: string;
  readonly body: string | Uint8Array;
}): string {
  const { id, timestamp, body } = content;
  const key = Buffer.from(secret.slice(6), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${mac.digest('base64')}`;
}
