import { createHash } from 'node:crypto';
import type { ClientRequest } from 'node:http';
import activityPub, { Sha256Signer } from 'activitypub-http-signatures';
import { type Cavage12Options, cavage12, encodeKeyId } from 'countersign/schemes';
import fc from 'fast-check';
import httpSignature from 'http-signature';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Attempt, type Sent, sendable, sentOf, urlOf } from '../definitions/attempt.ts';
import { tamperings } from '../definitions/tampering.ts';
import { makePair, type Pair } from './pair.ts';
import { openGate, sign } from './rig.ts';

const sha256 = (body: Uint8Array) => createHash('sha256').update(body).digest('base64');
const hasBody = ({ method, body }: Sent) => body.length > 0 || method === 'POST' || method === 'PUT';

type Peer = {
  readonly name: string;
  readonly keyId: string;
  readonly options: Cavage12Options;
  /** The headers that the peer signs, in its order. */
  readonly names: (sent: Sent) => readonly string[];
  readonly sign: (pair: Pair, sent: Sent, time: number) => Record<string, string>;
  readonly accepts: (pair: Pair, sent: Sent) => boolean;
};

/** As oci-common signs: http-signature, with `version` in front and some names in another case. */
const oracle: Peer = {
  name: 'http-signature, as Oracle Cloud',
  keyId: 'ocid1.tenancy.oc1..aaaa/ocid1.user.oc1..bbbb/20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34',
  options: { headers: ['x-date', '(request-target)', 'host', 'content-type', 'content-length', 'x-content-sha256'] },
  names: (sent) => [
    ...['x-date', '(request-target)', 'host', 'Content-Type'],
    ...(hasBody(sent) ? ['Content-Length', 'x-content-sha256'] : []),
  ],
  sign(pair, sent, time) {
    const headers: Record<string, string> = {
      ...sent.headers,
      host: sent.authority,
      'x-date': new Date(time).toUTCString(),
    };
    if (hasBody(sent)) headers['content-length'] = `${sent.body.length}`;
    if (hasBody(sent)) headers['x-content-sha256'] = sha256(sent.body);
    const message = {
      method: sent.method,
      path: sent.target,
      getHeader: (name: string) => headers[name.toLowerCase()],
      setHeader: (name: string, value: string) => {
        headers[name.toLowerCase()] = value;
      },
    };
    httpSignature.sign(message as unknown as ClientRequest, {
      key: pair.privatePem,
      keyId: oracle.keyId,
      headers: [...oracle.names(sent)],
    });
    const authorization = headers.authorization?.replace('Signature ', 'Signature version="1",') ?? '';
    return { ...headers, authorization };
  },
  accepts(pair, { method, target, headers, authority, body }) {
    const given = { ...headers, host: authority, 'content-length': `${body.length}` };
    const message = { method, url: target, headers: given };
    try {
      const parsed = httpSignature.parseRequest(message as unknown as ClientRequest, { clockSkew: 1e12 });
      const isBody = (headers['x-content-sha256'] ?? sha256(new Uint8Array())) === sha256(body);
      return isBody && parsed.params.keyId === oracle.keyId && httpSignature.verifySignature(parsed, pair.publicPem);
    } catch {
      return false;
    }
  },
};

const mastodon: Peer = {
  name: 'activitypub-http-signatures, as Mastodon',
  keyId: 'https://social.example/users/alice#main-key',
  options: { carrier: 'signature', headers: ['(request-target)', 'host', 'date', 'digest', 'content-type'] },
  names: (sent) => ['(request-target)', 'host', 'date', ...(hasBody(sent) ? ['digest'] : []), 'content-type'],
  sign(pair, sent, time) {
    const signer = new Sha256Signer({
      publicKeyId: mastodon.keyId,
      privateKey: pair.privatePem,
      headerNames: [...mastodon.names(sent)],
    });
    const headers = {
      ...sent.headers,
      ...{ host: sent.authority, date: new Date(time).toUTCString() },
      ...(hasBody(sent) && { digest: `SHA-256=${sha256(sent.body)}` }),
    };
    return signer.generateHeaders({ url: urlOf(sent), method: sent.method, headers });
  },
  accepts(pair, { method, target, headers, authority, body }) {
    const signature = activityPub.parse({ method, url: target, headers: { ...headers, host: authority } });
    const isBody = (headers.digest ?? `SHA-256=${sha256(new Uint8Array())}`) === `SHA-256=${sha256(body)}`;
    return isBody && signature?.keyId === mastodon.keyId && signature.verify(pair.publicPem);
  },
};

describe.each([oracle, mastodon])('cavage12 beside $name', (peer) => {
  const scheme = cavage12(peer.options);
  const accessKey = encodeKeyId(peer.keyId);
  let pair: Pair;
  beforeAll(async () => {
    pair = await makePair();
  });
  const attempts = sendable.map((attempt): Attempt => ({ ...attempt, accessKey }));
  const gateFor = ({ time }: Attempt) =>
    openGate({ scheme, accessKey, secrets: [{ publicKey: pair.publicKey }], time });

  it('verifies what the peer signs once, and not when it was changed', async () => {
    await fc.assert(
      fc.asyncProperty(attempts, async (attempt) => {
        const sent = { ...sentOf(attempt), headers: peer.sign(pair, attempt, attempt.time) };
        const verify = gateFor(attempt);
        for (const { of, sent: changed } of tamperings(sent, [])) {
          if (JSON.stringify(changed) !== JSON.stringify(sent)) expect([of, await verify(changed)]).not.toContain('ok');
        }
        expect(await verify(sent)).toBe('ok');
        expect(await verify(sent)).toBe('replayed_request');
      }),
      { numRuns: 25 },
    );
  });

  it('signs what the peer accepts, and does not when it was changed', async () => {
    await fc.assert(
      fc.asyncProperty(attempts, async (attempt) => {
        const sent = await sign(scheme, attempt, pair.privateKey);
        expect(peer.accepts(pair, sent)).toBe(true);
        for (const { of, sent: changed } of tamperings(sent, [])) {
          if (JSON.stringify(changed) !== JSON.stringify(sent))
            expect([of, peer.accepts(pair, changed)]).toEqual([of, false]);
        }
      }),
      { numRuns: 25 },
    );
  });
});
