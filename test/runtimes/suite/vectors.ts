import { allowSecretInBrowser, allowUnsignedPayload, createSigner, type Signer } from 'countersign';
import type { Verifier } from 'countersign/server';
import { bytesOf, type Pairs, type SignCase, type VerifyCase } from '../../vectors/format.ts';
import { vectors } from '../../vectors/read.ts';
import { verifierOf } from '../../vectors/verifier.ts';
import { type Check, equal, refuses } from './check.ts';
import { stageChecks } from './vector-stages.ts';

function headersOf(pairs: Pairs): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  return headers;
}

const signerOf = ({ request, credentials, time, nonce, signedHeaders }: SignCase): Signer =>
  createSigner({
    accessKey: credentials.accessKey,
    secret: bytesOf(credentials.secret),
    clock: () => time * 1000,
    nonce: () => nonce,
    signedHeaders,
    [allowSecretInBrowser]: true,
    ...(request.unsignedBody && { [allowUnsignedPayload]: true }),
  });

async function judged(verifier: Verifier, { received }: VerifyCase): Promise<VerifyCase['outcome']> {
  const { headers, body, host: authority, ...line } = received;
  const result = await verifier.verify({ ...line, authority, headers: headersOf(headers), body: bytesOf(body) });
  if (result.ok) return { accepted: true };
  const { code } = JSON.parse(result.response.body) as { readonly code: string };
  return { accepted: false, code: result.error.code, publicCode: code, status: result.response.status };
}

export const vectorChecks: readonly Check[] = [
  ...stageChecks,
  {
    // Where the URL Standard would change the target, a vector has no URL.
    name: 'a Request of every vector that has a URL gets the headers of the vector and keeps its body',
    async run({ runtime }) {
      for (const vector of vectors.sign) {
        const { name, request, stages } = vector;
        if (request.url === undefined) continue;
        const bytes = bytesOf(request.body);
        const init = {
          method: request.method,
          headers: headersOf(request.headers),
          ...(bytes.length && { body: bytes }),
        };
        // edge-runtime makes no Request with a lower-case patch.
        if (runtime === 'edge' && request.method === 'patch') continue;
        const signing = () => signerOf(vector).sign(new Request(request.url ?? '', init));
        if (runtime === 'bun' && request.target.startsWith('//')) {
          await refuses('invalid_request', signing);
          continue;
        }
        const signed = await signing();
        const added = stages.headers.map(([field]) => [field, signed.headers.get(field)]);
        equal(added, stages.headers, `headers of ${name}`);
        const sent = new Uint8Array(await signed.arrayBuffer());
        equal([sent.length, sent.every((byte, i) => byte === bytes[i])], [bytes.length, true], `body of ${name}`);
      }
    },
  },
  {
    name: `the verifier judges ${vectors.verify.length} requests as the vectors say`,
    async run() {
      for (const vector of vectors.verify) {
        const { time, verifier } = verifierOf(vector);
        const before = vectors.verify.find(({ name }) => name === vector.after);
        if (before) {
          time.now = before.now;
          equal(await judged(verifier, before), before.outcome, `what comes before ${vector.name}`);
        }
        time.now = vector.now;
        equal(await judged(verifier, vector), vector.outcome, vector.name);
      }
    },
  },
];
