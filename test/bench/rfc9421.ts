import { randomUUID, hash as valueHash } from 'node:crypto';
import {
  createSignatureSync,
  type FieldOccurrence,
  type RequestDescriptor,
  type SignatureFields,
  verifySignature,
} from 'http-message-sig';
import { httpbis } from 'http-message-signatures';
import { accessKey, contentType, type Input, type Inputs } from './inputs.ts';
import { hmacKeys, type Rfc9421Keys } from './rfc9421-keys.ts';
import { insist, type Row } from './rows.ts';

// Both libraries sign what countersign signs. Neither makes or checks Content-Digest, so that is done here for both.
const covered = { GET: ['@method', '@authority', '@path', '@query'], POST: [] as string[] };
covered.POST = [...covered.GET, 'content-type', 'content-digest'];

const digestOf = (body: Uint8Array): string => `sha-256=:${valueHash('sha256', body, 'base64')}:`;
const bodyHeaders = ({ text, bytes }: Input): Record<string, string> =>
  text ? { 'content-type': contentType, 'content-digest': digestOf(bytes) } : {};
const sound = ({ text, bytes }: Input, headers: Record<string, string>): boolean =>
  !text || digestOf(bytes) === headers['content-digest'];

type Signed = { readonly input: Input; readonly headers: Record<string, string> };

async function sign(input: Input, { signatures: { signer } }: Rfc9421Keys): Promise<Signed> {
  const { method, url } = input;
  const { headers } = await httpbis.signMessage(
    {
      key: signer,
      fields: covered[method],
      params: ['created', 'keyid', 'alg', 'nonce'],
      paramValues: { nonce: randomUUID() },
    },
    { method, url, headers: bodyHeaders(input) },
  );
  return { input, headers: headers as Record<string, string> };
}

async function verify({ input, headers }: Signed, { signatures: { verifier } }: Rfc9421Keys): Promise<boolean> {
  const keyLookup = async ({ keyid }: { keyid?: string }) => (keyid === accessKey ? verifier : null);
  const rules = { keyLookup, maxAge: 300, requiredParams: ['created', 'nonce'], requiredFields: covered[input.method] };
  const { method, url } = input;
  return sound(input, headers) && (await httpbis.verifyMessage(rules, { method, url, headers })) === true;
}

function describe({ method, url }: Input, headers: Record<string, string>): RequestDescriptor {
  const fields = Object.entries(headers).map(([name, value]): FieldOccurrence => ({ name, value }));
  return { kind: 'request', method, targetUri: url, fields };
}

function signSig(input: Input, { sig }: Rfc9421Keys): Signed {
  const headers = bodyHeaders(input);
  const parameters = { created: Math.floor(Date.now() / 1000), keyid: accessKey, nonce: randomUUID() };
  const made: SignatureFields = createSignatureSync(describe(input, headers), {
    components: covered[input.method],
    parameters,
    signer: { algorithm: sig.algorithm, sign: sig.sign },
  });
  headers.signature = made.signature;
  headers['signature-input'] = made.signatureInput;
  return { input, headers };
}

async function verifySig({ input, headers }: Signed, { sig }: Rfc9421Keys): Promise<boolean> {
  const policy = {
    algorithms: [sig.algorithm],
    requiredComponents: covered[input.method],
    requiredParameters: ['created', 'nonce'],
    maxAge: 300,
  };
  const resolveVerifier = () => ({ algorithm: sig.algorithm, verify: sig.verify });
  return sound(input, headers) && !!(await verifySignature(describe(input, headers), { policy, resolveVerifier }));
}

type Library = {
  readonly name: string;
  readonly sign: (input: Input, keys: Rfc9421Keys) => Signed | Promise<Signed>;
  readonly verify: (signed: Signed, keys: Rfc9421Keys) => Promise<boolean>;
};
const libraries: readonly Library[] = [
  { name: 'http-message-signatures', sign, verify },
  { name: 'http-message-sig', sign: signSig, verify: verifySig },
];

async function works({ name, sign, verify }: Library, input: Input, keys: Rfc9421Keys): Promise<void> {
  const signed = await sign(input, keys);
  insist(await verify(signed, keys), `${name}: refuses its own signature`);
  const forged = { ...signed, input: { ...input, url: `${input.url}0` } };
  insist(!(await verify(forged, keys).catch(() => false)), `${name}: accepts a forgery`);
}

export const rfc9421SignRows = ({ next }: Inputs, keys = hmacKeys): readonly Row[] =>
  libraries.map((library) => ({
    name: library.name,
    run: () => library.sign(next(), keys),
    check: () => works(library, next(), keys),
  }));

export async function rfc9421VerifyRows({ all, next }: Inputs, keys = hmacKeys): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const library of libraries) {
    const signed: Signed[] = [];
    for (const input of all) signed.push(await library.sign(input, keys));
    let turn = 0;
    rows.push({
      name: library.name,
      run: () => library.verify(signed[turn++ % signed.length] as Signed, keys),
      check: () => works(library, next(), keys),
    });
  }
  return rows;
}
