import { fail } from '../../core/errors.ts';
import type { Scheme } from '../../core/scheme.ts';
import type { Finding } from '../../core/scheme-finding.ts';
import { webhookKey } from './key.ts';
import { readStandardWebhook } from './read.ts';
import { prepareStandardWebhook } from './sign.ts';

/** Settings that differ between senders of webhooks. */
export type StandardWebhooksOptions = {
  /**
   * The prefixes of the header names, as `webhook` in `webhook-id`. The first is used for sending, all for receiving:
   * `['webhook', 'svix']` also receives the messages of Svix. @default ['webhook']
   */
  readonly prefixes?: readonly string[];
  /**
   * Secrets to sign with in addition to that of the signer, at most 3: old secrets, until every receiver has the new one. Each is
   * `whsec_` and base64, or bytes. @default []
   */
  readonly alsoSignedBy?: ReadonlyArray<string | Uint8Array>;
};

/**
 * Webhooks by the Standard Webhooks specification 1.0.0 (standardwebhooks.com): HMAC-SHA256, or Ed25519 for a CryptoKey, over id,
 * timestamp and the bytes of the body. A secret has 24 to 64 bytes; as text it is `whsec_` and their base64.
 *
 * @throws SignatureError `invalid_configuration` for a prefix that cannot begin a header name and for more than 3 additional
 * secrets, `invalid_credentials` for a malformed additional secret.
 * @example
 * import { createSigner } from 'countersign';
 * import { generateWebhookSecret, standardWebhooks } from 'countersign/schemes';
 *
 * const signer = createSigner({ accessKey: 'shop', secret: generateWebhookSecret(), scheme: standardWebhooks() });
 * const { headers } = await signer.sign('https://example.com/hooks', { method: 'POST', body: '{}' });
 * console.log(headers.get('webhook-signature')?.slice(0, 3)); // → v1,
 */
export function standardWebhooks({ prefixes = ['webhook'], alsoSignedBy = [] }: StandardWebhooksOptions = {}): Scheme {
  const [prefix] = prefixes;
  if (prefix === undefined || !prefixes.every((one) => /^[a-z][a-z\d-]{0,62}$/.test(one))) {
    return fail('invalid_configuration', 'prefixes must begin header names, in lower case.');
  }
  // A receiver accepts at most four signatures.
  if (alsoSignedBy.length > 3) fail('invalid_configuration', 'alsoSignedBy may contain at most 3 secrets.');
  const also = alsoSignedBy.map((secret) => webhookKey(secret));
  return {
    name: 'standard-webhooks',
    fields: ['signature', 'id', 'timestamp'].map((name) => `${prefix}-${name}`),
    body: 'bytes',
    createKey: webhookKey,
    signableHeaders: (names) =>
      names.length ? fail('invalid_configuration', 'Standard Webhooks cannot sign additional headers.') : names,
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
    message: 'Only the secret identifies the endpoint of a message: give each its own.',
    attack: 'Someone in transit sends a message for /webhooks/test to /webhooks/live with the same secret.',
  },
  {
    code: 'no-domain-separation',
    severity: 'medium',
    message: 'Others choose the signed body: use the secret for no other scheme.',
    attack: 'A body ends like a request of another scheme, whose signature it gets.',
  },
  {
    code: 'query-unsigned',
    severity: 'medium',
    message: 'The query is not signed: base no decision on it.',
    attack: 'Someone in transit appends ?tenant=other to the URL of a message.',
  },
  {
    code: 'content-type-unsigned',
    severity: 'low',
    message: 'The content type is not signed: parse every message as the one type that you expect.',
    attack: 'Someone in transit changes the Content-Type, and the parser reads a different message.',
  },
  {
    code: 'host-unsigned',
    severity: 'low',
    message: 'Another server with the same secret and its own replay store accepts the same message.',
    attack: 'Someone in transit sends a message for the production server to the staging server too.',
  },
  {
    code: 'method-unsigned',
    severity: 'low',
    message: 'The method is not signed: accept only POST.',
    attack: 'Someone in transit changes POST to DELETE, at an endpoint that supports both.',
  },
  {
    code: 'access-key-unbound',
    severity: 'low',
    message: 'A message has no access key, so tenants with the same secret accept each other’s messages.',
    attack: 'Two tenants have the same secret: a message for one is valid for the other.',
  },
];
