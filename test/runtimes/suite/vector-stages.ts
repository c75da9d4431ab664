import { normaliseTarget, parseAddress } from '../../../src/core/address.ts';
import { contentDigest, sha256OfBodySync } from '../../../src/core/digest.ts';
import { bytesToSign, hex } from '../../../src/core/encoding.ts';
import { type HeaderView, type Message, upperCaseMethod } from '../../../src/core/message.ts';
import type { SignedBody, ToSign } from '../../../src/core/scheme.ts';
import { hmacSha256 } from '../../../src/core/signing-key.ts';
import { readCountersignV1 } from '../../../src/schemes/countersign-v1/read.ts';
import { countersignV1Response } from '../../../src/schemes/countersign-v1/response.ts';
import { signCountersignV1 } from '../../../src/schemes/countersign-v1/sign.ts';
import { bytesOf, type Pairs, type RespondCase, type SignCase } from '../../vectors/format.ts';
import { vectors } from '../../vectors/read.ts';
import { equal } from './check.ts';

/** A check that needs neither promises nor anything of a platform but UTF-8 and Base64: for bare engines too. */
export type StageCheck = { readonly name: string; run(): void };

const each = <Case extends { readonly name: string }>(cases: readonly Case[], check: (one: Case) => void) => {
  for (const one of cases) {
    try {
      check(one);
    } catch (error) {
      throw new Error(`${one.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
};

const viewOf = (pairs: Pairs): HeaderView => ({
  get(name) {
    const values = pairs
      .filter(([field]) => field.toLowerCase() === name.toLowerCase())
      .map(([, value]) => value.replace(/^[\t ]+|[\t ]+$/g, ''));
    return values.length ? values.join(', ') : null;
  },
});

function bodyOf({ request }: SignCase): SignedBody {
  if (request.unsignedBody) return { kind: 'unsigned' };
  const bytes = bytesOf(request.body);
  return bytes.length ? { kind: 'digest', sha256: sha256OfBodySync(bytes) } : { kind: 'none' };
}

const messageOf = ({ stages: { message } }: SignCase, headers: HeaderView): Message => ({
  ...message,
  scheme: 'https',
  rawTarget: message.target,
  headers,
});

const prepared = (vector: SignCase) =>
  signCountersignV1.prepare({
    message: messageOf(vector, viewOf(vector.request.headers)),
    accessKey: vector.credentials.accessKey,
    time: vector.time * 1000,
    nonce: vector.nonce,
    body: bodyOf(vector),
    signedHeaders: signCountersignV1.signableHeaders(vector.signedHeaders),
  });

const responseOf = ({ response, time, requestSignature }: RespondCase) => {
  const body = bytesOf(response.body);
  return countersignV1Response.prepare({
    request: {
      ...parseAddress('https://example.com/'),
      method: 'GET',
      headers: viewOf([['X-API-Signature', requestSignature]]),
    },
    accessKey: 'unused',
    time: time * 1000,
    status: response.status,
    headers: viewOf([['Content-Type', response.contentType], ...(response.headers ?? [])]),
    body,
    sha256: body.length ? sha256OfBodySync(body) : undefined,
  });
};

const macOf = (stringToSign: ToSign, secret: Uint8Array): Uint8Array =>
  hmacSha256(secret).sign(bytesToSign(stringToSign)) as Uint8Array;

const { sign, respond } = vectors;

/** Each stage of signing by itself, on every vector. */
export const stageChecks: readonly StageCheck[] = [
  {
    name: `message of ${sign.length} vectors`,
    run: () =>
      each(sign, ({ request: { method, target }, stages: { message } }) =>
        equal(
          [upperCaseMethod(method), normaliseTarget(target)],
          [message.method, message.target],
          'method and target',
        ),
      ),
  },
  {
    name: `body digest of ${sign.length} vectors`,
    run: () =>
      each(sign, (vector) => {
        const body = bodyOf(vector);
        equal(body.kind === 'digest' ? contentDigest(body.sha256) : '', vector.stages.contentDigest, 'the digest');
      }),
  },
  {
    name: `string to sign of ${sign.length} vectors`,
    run: () => each(sign, (vector) => equal(prepared(vector).stringToSign, vector.stages.stringToSign, 'the string')),
  },
  {
    name: `MAC of ${sign.length} vectors`,
    run: () =>
      each(sign, ({ credentials, stages }) =>
        equal(hex(macOf(stages.stringToSign, bytesOf(credentials.secret))), stages.mac, 'the MAC'),
      ),
  },
  {
    name: `headers of ${sign.length} vectors`,
    run: () =>
      each(sign, (vector) => {
        const { stringToSign, headers } = prepared(vector);
        const added = headers(macOf(stringToSign, bytesOf(vector.credentials.secret)));
        const names = Object.keys(added).sort();
        const pinned = vector.stages.headers.slice().sort(([a], [b]) => (a < b ? -1 : 1));
        equal(
          names.map((name) => [name, added[name]]),
          pinned,
          'the headers',
        );
      }),
  },
  {
    name: `what a verifier reads of ${sign.length} vectors`,
    run: () =>
      each(sign, (vector) => {
        const { request, stages } = vector;
        const headers = viewOf([...request.headers, ...stages.headers]);
        const { stringToSign, signatures } = readCountersignV1(messageOf(vector, headers));
        equal([stringToSign, signatures.map(hex)], [stages.stringToSign, [stages.mac]], 'string and signatures');
      }),
  },
  {
    name: `string and MAC of ${respond.length} countersignatures`,
    run: () =>
      each(respond, (vector) => {
        const { secret, stages } = vector;
        const { stringToSign } = responseOf(vector);
        equal(stringToSign, stages.stringToSign, 'the string');
        equal(hex(macOf(stringToSign, bytesOf(secret))), stages.mac, 'the MAC');
      }),
  },
];
