import { createSigner, generateCredentials, prepareRequest } from 'countersign';
import { countersignV1, defineScheme, presign, rfc9421, sigv4 } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { judge, outcomeOf, rig, signedParts } from './rig.ts';

const { accessKey, secret } = generateCredentials();
const aws = { region: 'r', service: 'execute-api' };
const schemes = [
  countersignV1,
  rfc9421(),
  sigv4(aws),
  presign(aws),
  defineScheme({
    name: 'decoded',
    stringToSign: '{method}\n{authority}\n{path|decode|rfc3986}\n{query}\n{timestamp}\n{nonce}\n{body|sha256|hex}',
    headers: { 'X-Signature': '{accessKey}:{timestamp}:{nonce}:{signature}' },
  }),
];

describe.each(schemes)('a % that begins no escape, by the scheme $name', (scheme) => {
  const made = () => {
    const { verifier, time } = rig({ scheme, record: { accessKey, secrets: [{ secret }] } });
    return { verifier, signer: createSigner({ accessKey, secret, scheme, clock: () => time.now }) };
  };

  it.each([
    ['/rates/100%25', '/rates/100%'],
    ['/a%252541', '/a%%32541'],
    ['/a?q=a%25%27', '/a?q=a%%27'],
    ['/a?q=%25&r=1', '/a?q=%&r=1'],
    ['/a?q=%254', '/a?q=%4'],
    ['/a?q=%25zz', '/a?q=%zz'],
  ])('is refused in transit: %s as %s', async (signed, sent) => {
    const { verifier, signer } = made();
    const { url, headers } = prepareRequest(signer, { url: `https://api.example.com${signed}` });
    const target = url.replace('https://api.example.com', '');
    const parts = { ...signedParts(signer, { target: signed }), target: target.replace(signed, sent), headers };
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    expect(parts.target).toContain(sent);
    expect(await judge(verifier, { ...parts, headers: lower })).toBe('malformed_field');
    const request = new Request(`https://api.example.com${parts.target}`, { headers });
    expect(outcomeOf(await verifier.verify(request))).toBe('malformed_field');
    expect(await judge(verifier, { ...parts, target, headers: lower })).toBe('ok');
  });
});
