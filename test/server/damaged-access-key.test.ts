import { createSigner, generateCredentials } from 'countersign';
import { createVerifier, type KeyStore, memoryReplay } from 'countersign/server';
import { expect, it } from 'vitest';

const { accessKey, secret } = generateCredentials();
const url = 'https://api.example.com/v1/orders';

/** The detail of the refusal of a request that names this access key, and whether there is such a key. */
async function detailOf(named: string, exists: boolean): Promise<string> {
  const record = { accessKey: named, service: 'shop', secrets: [{ secret: 'a secret of the server alone' }] };
  // A store may hold keys that memoryKeys would refuse.
  const keys: KeyStore = { find: (wanted) => (exists && wanted === named ? record : undefined) };
  const verifier = createVerifier({ keys, replay: memoryReplay() });
  const { headers } = await createSigner({ accessKey, secret }).sign(url);
  headers.set('x-api-key', named);
  const result = await verifier.verify(new Request(url, { headers }));
  const { code, detail } = JSON.parse(result.ok ? '{}' : result.response.body);
  expect(code).toBe('invalid_signature');
  return detail;
}

const mistyped = accessKey.replace(/.$/, (last) => (last === '0' ? '1' : '0'));

it.each([
  ['cut off', accessKey.slice(0, -1)],
  ['cut off to its prefix', 'csign_ak_live_'],
  ['mistyped', mistyped],
  ['in upper case', `csign_${accessKey.slice(6).toUpperCase()}`],
])('says of an access key that is %s that it is damaged, whether there is one or not', async (_, named) => {
  const detail = await detailOf(named, false);
  expect(detail).toBe('The access key is cut off or mistyped: its checksum does not fit. Copy the whole of it.');
  expect(await detailOf(named, true)).toBe(detail);
});

it('says of a secret that was sent as the access key that it may be one', async () => {
  expect(await detailOf(secret, false)).toBe(
    'The access key begins like a secret. If it is one, replace it: it was sent.',
  );
  expect(await detailOf(secret, false)).not.toContain(secret);
});

it.each([
  ['a whole one', accessKey],
  ['one of another environment', generateCredentials({ environment: 'test' }).accessKey],
  ['one of another form', 'partner-1'],
  ['one of another form that is short', 'c'],
])('says nothing of %s, whether there is one or not', async (_, named) => {
  for (const exists of [true, false])
    expect(await detailOf(named, exists)).toBe('The access key or the signature is not valid.');
});
