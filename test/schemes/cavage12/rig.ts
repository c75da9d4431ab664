import { createSigner, type SignerOptions } from 'countersign';
import type { FindingCode, Scheme } from 'countersign/schemes';
import { createVerifier, type KeySecret, memoryKeys, memoryReplay } from 'countersign/server';
import { toMessage } from '../../../src/core/message.ts';
import type { Attempt, Sent } from '../definitions/attempt.ts';
import { sentOf, urlOf } from '../definitions/attempt.ts';

/** Signs with a key pair, which takes a promise. */
export async function sign(scheme: Scheme, attempt: Attempt, secret: SignerOptions['secret']): Promise<Sent> {
  const { method, headers, body, time, accessKey } = attempt;
  const signer = createSigner({ accessKey, secret, scheme, clock: () => time } as SignerOptions);
  const request = new Request(urlOf(attempt), { method, headers, ...(body.length && { body }) });
  const signed = await signer.sign(request);
  const { rawTarget } = toMessage(signed, signed.headers);
  return { ...sentOf(attempt), target: rawTarget, headers: Object.fromEntries(signed.headers) };
}

export type Gate = {
  readonly scheme: Scheme;
  readonly accessKey: string;
  readonly secrets: readonly KeySecret[];
  readonly time: number;
  readonly acceptFindings?: readonly FindingCode[];
};

/** Returns a function that verifies: `ok`, or the precise code of the refusal. */
export function openGate({
  scheme,
  accessKey,
  secrets,
  time,
  acceptFindings = [],
}: Gate): (sent: Sent) => Promise<string> {
  const clock = () => time;
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets }]),
    replay: memoryReplay({ clock }),
    ...{ scheme, acceptFindings, clock },
  });
  return async ({ headers, body, ...rest }) => {
    const fields = new Headers(headers);
    const result = await verifier.verify({ ...rest, headers: fields, ...(body.length && { body }) });
    return result.ok ? 'ok' : result.error.code;
  };
}
