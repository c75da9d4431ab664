import { createSigner } from 'countersign';
import {
  acquiaHmac,
  apisixHmacAuth,
  countersignV1,
  defineScheme,
  hawkHeader,
  kongHmacAuth,
  type Scheme,
  sigv4,
  stripeWebhooks,
} from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { expect, it } from 'vitest';
import { headerView } from '../../src/node/received.ts';

const accessKey = 'AKIDEXAMPLE';
const secret = 'YS1zZWNyZXQtb2YtbW9yZS10aGFuLTMyLWJ5dGVzLWluLWxlbmd0aA==';
const url = 'https://api.example.com/v1/orders?a=1';

const schemes: Readonly<Record<string, Scheme>> = {
  sigv4: sigv4({ region: 'eu-west-1', service: 'execute-api' }),
  hawk: defineScheme(hawkHeader),
  kong: defineScheme(kongHmacAuth()),
  apisix: defineScheme(apisixHmacAuth()),
  acquia: defineScheme(acquiaHmac({ realm: 'a' })),
  stripe: defineScheme(stripeWebhooks),
};

async function world(scheme: Scheme) {
  const signed = await createSigner({ accessKey, secret, scheme }).sign(url, { method: 'POST', body: '{"a":1}' });
  const verifier = createVerifier({
    scheme,
    acceptFindings: (scheme.findings ?? []).map(({ code }) => code),
    keys: memoryKeys([
      { accessKey, service: 'shop', secrets: [{ secret }] },
      { accessKey: scheme.name, service: 'shop', secrets: [{ secret }] },
    ]),
    replay: memoryReplay(),
  });
  const lines = [...signed.headers].flat();
  const verify = async (fields: readonly string[]) => {
    const received = {
      method: 'POST',
      authority: 'api.example.com',
      target: '/v1/orders?a=1',
      scheme: 'https',
    } as const;
    const result = await verifier.verify({
      ...received,
      headers: headerView(fields),
      body: new TextEncoder().encode('{"a":1}'),
    });
    return result.ok ? 'ok' : result.error.code;
  };
  return { lines, verify, carriers: scheme.fields.map((name) => name.toLowerCase()) };
}

it.each(Object.entries(schemes))(
  '%s refuses a carrier that is cut at a comma and sent as two lines',
  async (_, scheme) => {
    const { lines, verify, carriers } = await world(scheme);
    const forms: string[][] = [];
    for (let i = 0; i < lines.length; i += 2) {
      const [name = '', value = ''] = lines.slice(i, i + 2);
      if (!carriers.includes(name)) continue;
      for (const { index } of value.matchAll(/, ?/g)) {
        const rest = value.slice(index).replace(/^, ?/, '');
        forms.push([...lines.slice(0, i), name, value.slice(0, index), name, rest, ...lines.slice(i + 2)]);
      }
    }
    expect(forms.length).toBeGreaterThan(0);
    expect(await Promise.all(forms.map(verify))).toEqual(forms.map(() => 'malformed_field'));
    expect(await verify(lines)).toBe('ok');
  },
);

it('countersign-v1 refuses several signatures in several lines', async () => {
  const { lines, verify } = await world(countersignV1);
  const signature = lines[lines.indexOf('x-api-signature') + 1] ?? '';
  expect(await verify([...lines, 'x-api-signature', signature])).toBe('malformed_field');
  expect(await verify(lines)).toBe('ok');
});

it.each(['', ' ', '\t'])('countersign-v1 refuses a Content-Type of %j, which is signed as none', async (type) => {
  const { lines, verify } = await world(countersignV1);
  const at = lines.indexOf('content-type');
  expect(await verify([...lines.slice(0, at), 'content-type', type, ...lines.slice(at + 2)])).not.toBe('ok');
  const bare = await createSigner({ accessKey, secret }).sign(url, { method: 'POST' });
  const unsigned = [...bare.headers].flat();
  expect(unsigned).not.toContain('content-type');
  expect(await verify([...unsigned, 'content-type', type])).toBe('malformed_field');
});
