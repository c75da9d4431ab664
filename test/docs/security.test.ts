import { createSigner, type Signer } from 'countersign';
import { cavage12, countersignV1, presign, rfc9421, type Scheme, sigv4, standardWebhooks } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { pageNamed } from './markdown.ts';

const accessKey = 'shop';
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const aws = { region: 'eu-west-1', service: 'execute-api' };
const schemes: Readonly<Record<string, Scheme>> = {
  countersignV1,
  rfc9421: rfc9421(),
  sigv4: sigv4(aws),
  cavage12: cavage12(),
  presign: presign(aws),
  standardWebhooks: standardWebhooks(),
};

const [, section = ''] = pageNamed('docs/security.md').text.split('\n## What steers a server\n');
const [head = [], , ...rows] = (section.split('\n## ')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** One header of one row, and what a column says of it. */
type Claim = { readonly header: string; readonly scheme: string; readonly said: string };

const claims: readonly Claim[] = rows.flatMap(([names = '', , ...cells]) =>
  [...names.matchAll(/`([\w-]+)`/g)].flatMap(([, header = '']) =>
    cells.map((said, i) => ({ header, scheme: (head[i + 2] ?? '').replaceAll('`', ''), said })),
  ),
);

const values: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html',
  'Content-Encoding': 'gzip',
  Range: 'bytes=0-0',
};

function judged(scheme: Scheme): { readonly signer: Signer; readonly takes: (request: Request) => Promise<boolean> } {
  const verifier = createVerifier({
    keys: memoryKeys([{ accessKey, service: 'shop', secrets: [{ secret }] }]),
    replay: memoryReplay(),
    scheme,
    acceptFindings: (scheme.findings ?? []).map(({ code }) => code),
  });
  return {
    signer: createSigner({ accessKey, secret, scheme }),
    takes: async (request) => (await verifier.verify(request, { accessKey })).ok,
  };
}

describe.each(Object.keys(schemes))('of what steers a server, %s', (name) => {
  const scheme = schemes[name] ?? countersignV1;
  const url = 'https://api.example.com/v1/orders';

  /** Whether a request is taken to which somebody adds the header after it was signed. */
  async function takesAdded(header: string, method: 'GET' | 'PUT'): Promise<boolean> {
    const { signer, takes } = judged(scheme);
    const body = method === 'PUT' ? new TextEncoder().encode('{}') : undefined;
    const signed = await signer.sign(new Request(url, { method, ...(body && { body }) }));
    const forged = new Headers(signed.headers);
    forged.set(header, values[header] ?? '"a"');
    return takes(new Request(signed, { headers: forged }));
  }

  it.each(claims.filter((claim) => claim.scheme === name))('notices $header: $said', async ({ header, said }) => {
    // It carries the signature.
    if (header === 'Authorization' && ['sigv4', 'cavage12'].includes(name)) return expect(said).toBe('no');
    expect(await takesAdded(header, 'PUT')).toBe(said === 'no');
    expect(await takesAdded(header, 'GET')).toBe(said !== 'yes');
    return undefined;
  });

  it('has a say on each header', () => {
    expect(claims.filter((claim) => claim.scheme === name).length).toBeGreaterThan(15);
  });
});
