import { fail } from '../../core/errors.ts';
import type { Finding } from '../../core/finding.ts';
import type { Scheme } from '../../core/scheme.ts';
import { webhookKey } from './key.ts';
import { readStandardWebhook } from './read.ts';
import { prepareStandardWebhook } from './sign.ts';

/** What differs between senders of webhooks. */
export type StandardWebhooksOptions = {
  /**
   * What the names of the headers begin with, as in `webhook-id`. The first is sent, all are read: `['webhook', 'svix']` also
   * receives what Svix sends. @default ['webhook']
   */
  readonly prefixes?: readonly string[];
  /**
   * Secrets to sign with beside the signer's own, at most 3: the old ones, until every receiver has the new. Texts as `whsec_`
   * and base64, or bytes. @default []
   */
  readonly alsoSignedBy?: ReadonlyArray<string | Uint8Array>;
};

/**
 * Webhooks by the Standard Webhooks specification 1.0.0 (standardwebhooks.com): HMAC-SHA256, or Ed25519 for a CryptoKey, over
 * id, timestamp and the bytes of the body. A secret is 24 to 64 bytes, as text `whsec_` and their base64.
 *
 * @throws SignatureError `invalid_configuration` for prefixes that begin no header's name and for more than 3 further secrets,
 * `invalid_credentials` for further secrets that are none.
 */
export function standardWebhooks({ prefixes = ['webhook'], alsoSignedBy = [] }: StandardWebhooksOptions = {}): Scheme {
  const [prefix] = prefixes;
  if (prefix === undefined || !prefixes.every((one) => /^[a-z][a-z\d-]{0,62}$/.test(one))) {
    return fail('invalid_configuration', 'prefixes must be what names of headers begin with, in lower case.');
  }
  // A receiver tries so many signatures at most.
  if (alsoSignedBy.length > 3) fail('invalid_configuration', 'alsoSignedBy may hold 3 secrets.');
  const also = alsoSignedBy.map(webhookKey);
  return {
    name: 'standard-webhooks',
    fields: ['signature', 'id', 'timestamp'].map((name) => `${prefix}-${name}`),
    body: 'bytes',
    createKey: webhookKey,
    signableHeaders: (names) =>
      names.length ? fail('invalid_configuration', 'A webhook has no place for further signed headers.') : names,
    declaresBody: () => false,
    prepare: (input) => prepareStandardWebhook(input, { prefix, also }),
    read: (message) => readStandardWebhook(message, prefixes),
    publicKeys: true,
    findings,
  };
}

const findings: readonly Finding[] = [
  {
    code: 'path-unsigned',
    severity: 'medium',
    message: 'The secret alone says for which endpoint a message is: give each its own.',
    attack: 'Someone on the way sends a message for /webhooks/test to /webhooks/live, where the secret is the same.',
  },
  {
    code: 'query-unsigned',
    severity: 'medium',
    message: 'The query is not signed: decide nothing by it.',
    attack: 'Someone on the way appends ?tenant=other to the address of a message.',
  },
  {
    code: 'content-type-unsigned',
    severity: 'low',
    message: 'The content type is not signed: parse every message as the one type that you expect.',
    attack:
      'Someone on the way sends a message with another Content-Type, and a parser that goes by it reads another one.',
  },
  {
    code: 'host-unsigned',
    severity: 'low',
    message: 'A server with the same secret and a replay store of its own takes the same message.',
    attack: 'Someone on the way sends a message for the production server to the staging server too.',
  },
  {
    code: 'method-unsigned',
    severity: 'low',
    message: 'The method is not signed: take POST alone.',
    attack: 'Someone on the way makes a DELETE of a POST, at an endpoint that has both.',
  },
  {
    code: 'access-key-unbound',
    severity: 'low',
    message: 'A message names no access key, so two with one secret take each other’s messages.',
    attack: 'Two tenants are given the same secret: a message for one is valid for the other.',
  },
];
