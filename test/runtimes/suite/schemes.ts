import { allowSecretInBrowser, createSigner } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { bytesOf } from '../../vectors/format.ts';
import { schemeVectors } from '../../vectors/read-schemes.ts';
import { isSignedLikeAnother, type SchemeCase, schemeOf } from '../../vectors/scheme-format.ts';
import { type Check, type Context, equal } from './check.ts';
import { schemeStageChecks } from './scheme-stages.ts';

const signerOf = (one: SchemeCase) =>
  createSigner({
    credentials: {
      accessKey: one.accessKey,
      secret: one.secret,
      ...(one.sessionToken !== undefined && { sessionToken: one.sessionToken }),
    },
    scheme: schemeOf(one.scheme),
    clock: () => one.time * 1000,
    nonce: () => one.nonce,
    [allowSecretInBrowser]: true,
  });

function requestOf({ request: { method, url, headers, body } }: SchemeCase): Request {
  const bytes = bytesOf(body);
  const fields = new Headers(headers.map(([name, value]) => [name, value] as [string, string]));
  return new Request(url, { method, headers: fields, ...(bytes.length && { body: bytes }) });
}

/** What a verifier that expects the vector's scheme says of a request. */
async function verdict(one: SchemeCase, request: Request): Promise<string> {
  const scheme = schemeOf(one.scheme);
  const verifier = createVerifier({
    scheme,
    acceptFindings: (scheme.findings ?? []).map(({ code }) => code),
    keys: memoryKeys([{ accessKey: one.accessKey, service: 'suite', secrets: [{ secret: one.secret }] }]),
    replay: memoryReplay({ clock: () => one.time * 1000 }),
    clock: () => one.time * 1000,
  });
  const result = await verifier.verify(request, { accessKey: one.accessKey });
  return result.ok ? 'accepted' : `${result.error.code}: ${result.error.message}`;
}

const pairs: ReadonlyArray<{ readonly name: string; readonly algorithm: object; readonly optional?: true }> = [
  // Runtimes of a few years ago have none.
  { name: 'ed25519', algorithm: { name: 'Ed25519' }, optional: true },
  { name: 'ecdsa-p256-sha256', algorithm: { name: 'ECDSA', namedCurve: 'P-256' } },
  { name: 'ecdsa-p384-sha384', algorithm: { name: 'ECDSA', namedCurve: 'P-384' } },
  { name: 'rsa-pss-sha512', algorithm: { name: 'RSA-PSS', hash: 'SHA-512', ...rsa() } },
  { name: 'rsa-v1_5-sha256', algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', ...rsa() } },
];

function rsa() {
  return { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
}

async function pairOf(algorithm: object): Promise<CryptoKeyPair | undefined> {
  try {
    return (await crypto.subtle.generateKey(algorithm as EcKeyGenParams, false, ['sign', 'verify'])) as CryptoKeyPair;
  } catch {
    return undefined;
  }
}

const maySetDate = (): boolean =>
  new Request('https://api.example.com/', { headers: { date: 'now' } }).headers.has('date');

/** The schemes other than the default, with the runtime's own Request and keys. */
export const schemeChecks: readonly Check[] = [
  ...schemeStageChecks,
  {
    name: 'a Request of every scheme vector gets its headers and address, and is accepted',
    async run({ runtime }) {
      for (const one of schemeVectors.cases) {
        // Bun sends one slash of two at the beginning of a path, but in the middle all.
        if (runtime === 'bun' && /^https?:\/\/[^/]+\/\//.test(one.request.url)) continue;
        // Browsers let no page set date.
        const isForbidden = one.stages.headers.some(([name]) => name === 'date') && !maySetDate();
        if (isForbidden) continue;
        const signed = await signerOf(one).sign(requestOf(one));
        const added = one.stages.headers.map(([name]) => [name, signed.headers.get(name)]);
        equal(added, one.stages.headers, `headers of ${one.name}`);
        if (one.stages.target)
          equal(signed.url.replace(/^\w+:\/\/[^/]+/, ''), one.stages.target, `target of ${one.name}`);
        const copy = signed.clone();
        // Firefox has no Request.body, so no server part takes its Requests.
        const wanted = isSignedLikeAnother(one) ? 'malformed_field' : 'accepted';
        if (runtime !== 'firefox') equal((await verdict(one, signed)).split(':')[0], wanted, one.name);
        const sent = new Uint8Array(await copy.arrayBuffer());
        const bytes = bytesOf(one.request.body);
        equal([sent.length, sent.every((byte, i) => byte === bytes[i])], [bytes.length, true], `body of ${one.name}`);
      }
    },
  },
  ...pairs.map(({ name, algorithm, optional }) => ({
    name: `${name}: a key pair of this runtime signs, and its public half verifies`,
    // There is no WebCrypto on pages that came over plain http.
    where: ({ realm }: { readonly realm: string }) => realm !== 'insecure page',
    async run({ runtime }: Context) {
      const pair = await pairOf(algorithm);
      if (!pair && optional) return;
      if (!pair) throw new Error('The runtime makes no such key.');
      const scheme = rfc9421();
      const signer = createSigner({ accessKey: 'pair', secret: pair.privateKey, scheme });
      const keys = memoryKeys([{ accessKey: 'pair', service: 'suite', secrets: [{ publicKey: pair.publicKey }] }]);
      const verifier = createVerifier({ keys, replay: memoryReplay(), scheme });
      // Firefox has no Request.body, so what has one cannot be verified there.
      const init = runtime === 'firefox' ? {} : { method: 'POST', body: 'hello' };
      const request = new Request('https://api.example.com/v1/orders?a=1', init);
      const signed = await signer.sign(request);
      const moved = new Request('https://api.example.com/v1/orders?a=2', signed.clone());
      const forged = await verifier.verify(moved);
      equal(forged.ok ? 'accepted' : forged.error.code, 'signature_mismatch', 'a forgery');
      const result = await verifier.verify(signed);
      equal(result.ok ? 'accepted' : result.error.message, 'accepted', 'the verdict');
    },
  })),
];
