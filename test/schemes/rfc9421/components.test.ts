import { createSigner, prepareRequest } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import { createVerifier, memoryKeys, memoryReplay } from 'countersign/server';
import { describe, expect, it } from 'vitest';
import { SignatureError } from '../../../src/core/errors.ts';
import { type HeaderView, toMessage } from '../../../src/core/message.ts';
import { parseComponent } from '../../../src/schemes/rfc9421/components.ts';
import { createResolver } from '../../../src/schemes/rfc9421/values.ts';

function resolved(
  component: string,
  url = 'https://www.example.com/path?param=value',
  headers: HeaderView = new Headers(),
) {
  try {
    return createResolver({ request: toMessage({ method: 'POST', url: new URL(url).href }, headers) })(
      parseComponent(component),
    );
  } catch (error) {
    if (error instanceof SignatureError) return error.code;
    throw error;
  }
}

describe('derived components have the values of RFC 9421 section 2.2', () => {
  const parameters =
    'https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&qux=&a=1&a=2';
  it.each<[component: string, value: string, url?: string]>([
    ['@method', 'POST'],
    ['@target-uri', 'https://www.example.com/path?param=value'],
    ['@authority', 'www.example.com', 'https://WWW.Example.com:443/'],
    ['@authority', 'www.example.com:8443', 'https://www.example.com:8443/'],
    ['@scheme', 'http', 'http://www.example.com/'],
    ['@request-target', '/path?param=value'],
    ['@request-target', '/', 'https://www.example.com'],
    ['@path', '/path'],
    ['@path', '/', 'https://www.example.com?a'],
    ['@path', '/a%2Fb/%7E//c', 'https://www.example.com/a%2Fb/%7E//c?d?e'],
    ['@query', '?param=value'],
    ['@query', '?param=value&foo=bar&baz=bat%2Dman', 'https://www.example.com/path?param=value&foo=bar&baz=bat%2Dman'],
    ['@query', '?queryString', 'https://www.example.com/path?queryString'],
    ['@query', '?', 'https://www.example.com/path'],
    ['@query', '?', 'https://www.example.com/path?'],
    ['@query', '?a?b', 'https://www.example.com/path?a?b'],
    ['@query-param;name="var"', 'this%20is%20a%20big%0Amultiline%20value', parameters],
    ['@query-param;name="bar"', 'with%20plus%20whitespace', parameters],
    ['@query-param;name="fa%C3%A7ade%22%3A%20"', 'something', parameters],
    ['@query-param;name="qux"', '', parameters],
    ['@query-param;name="a"', 'invalid_request', parameters],
    ['@query-param;name="b"', 'missing_header', parameters],
    ['@query-param;name="a"', '%21%27%28%29%7E*-._', "https://www.example.com/?a=!'()~*-._"],
    ['@status', 'malformed_field'],
    ['@method;req', 'malformed_field'],
  ])('%s: %s', (component, value, url) => {
    expect(resolved(component, url)).toBe(value);
  });
});

describe('fields have the values of RFC 9421 section 2.1', () => {
  const lines: Record<string, readonly string[]> = {
    'cache-control': ['max-age=60', '   must-revalidate'],
    'example-dict': [' a=1,    b=2;x=1;y=2,   c=(a   b   c), d'],
    'example-header': ['value, with, lots', 'of, commas'],
    'x-empty': [''],
    priority: ['u=1 ,i'],
    'want-repr-digest': ['a=1, a=2'],
    'unencoded-digest': ['sha-256=:AAAA:;x=1;x=2'],
    'x-tenant': ['id=evil, id=acme'],
    'client-cert': [' :AAAA: '],
    'set-cookie': ['a=1', 'b=2'],
    'x-umlaut': ['ä'],
  };
  const view: HeaderView = {
    get: (name) => lines[name]?.join(', ') ?? null,
    lines: (name) => lines[name] ?? [],
  };
  it.each<[component: string, value: string]>([
    ['x-empty', ''],
    ['Cache-Control', 'max-age=60,    must-revalidate'],
    ['example-dict;key="a"', '1'],
    ['example-dict;key="d"', '?1'],
    ['example-dict;key="b"', '2;x=1;y=2'],
    ['example-dict;key="c"', '(a b c)'],
    ['example-dict;key="e"', 'missing_header'],
    ['example-dict;sf', 'malformed_field'],
    ['example-header;key="a"', 'missing_header'],
    ['example-header;bs', ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:'],
    ['set-cookie;bs', ':YT0x:, :Yj0y:'],
    ['priority;sf', 'u=1, i'],
    ['client-cert;sf', ':AAAA:'],
    ['want-repr-digest;sf', 'malformed_field'],
    ['want-repr-digest;key="a"', 'malformed_field'],
    ['unencoded-digest;sf', 'malformed_field'],
    ['x-tenant;key="id"', 'malformed_field'],
    ['x-umlaut', 'invalid_request'],
    ['x-absent', 'missing_header'],
    ['x-absent;bs', 'missing_header'],
  ])('%s: %s', (component, value) => {
    expect(resolved(component, undefined, view)).toBe(value);
  });

  it('and none by their lines where those cannot be told apart', () => {
    expect(resolved('cache-control;bs', undefined, new Headers({ 'cache-control': 'a' }))).toBe('malformed_field');
  });
});

describe('options', () => {
  it.each([
    [{ label: 'Sig' }],
    [{ label: '' }],
    [{ expires: 0 }],
    [{ expires: 1.5 }],
    [{ expires: Number.NaN }],
    [{ tag: '' }],
    [{ tag: 'ä' }],
    [{ components: [] }],
    [{ components: ['content-type', 'content-digest'] }],
    [{ components: ['@status'] }],
    [{ components: ['@method;req'] }],
    [{ components: ['@method', '@method'] }],
    [{ components: ['a;sf;key="b"', 'A;key="b";sf'] }],
    [{ components: ['a b'] }],
    [{ components: ['x";y="'] }],
    [{ components: ['a;tr'] }],
    [{ components: ['@query-param;name=a'] }],
  ])('are refused: %j', (options) => {
    expect(() => rfc9421(options)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it('leave out of the signature what they say', async () => {
    const scheme = rfc9421({ alg: false, nonce: false, expires: 60, tag: 'a"b', label: 'x' });
    const clock = () => 1618884473_900;
    const signer = createSigner({ accessKey: 'shop', secret: 's'.repeat(32), scheme, clock, signedHeaders: ['X-A'] });
    const headers = prepareRequest(signer, { url: 'https://a.example/', headers: { 'x-a': '1' } }).headers;
    expect(headers['Signature-Input']).toBe(
      'x=("@method" "@authority" "@path" "@query" "x-a");created=1618884473;expires=1618884533;keyid="shop";tag="a\\"b"',
    );
  });

  it('that leave holes are refused by a verifier until each is named', async () => {
    const scheme = rfc9421({ components: ['@method', '@target-uri'] });
    const keys = memoryKeys([{ accessKey: 'shop', service: 'shop', secrets: [{ secret: 's'.repeat(32) }] }]);
    expect(() => createVerifier({ scheme, keys, replay: memoryReplay() })).toThrow(/body-unsigned/);
    const verifier = createVerifier({ scheme, keys, replay: memoryReplay(), acceptFindings: ['body-unsigned'] });
    const signer = createSigner({ accessKey: 'shop', secret: 's'.repeat(32), scheme });
    const signed = await signer.sign(new Request('https://a.example/', { method: 'POST', body: 'x' }));
    expect(signed.headers.has('content-digest')).toBe(false);
    expect(await verifier.verify(signed)).toMatchObject({ ok: true, body: undefined });
  });

  it('without a nonce take the whole of what is signed for one', async () => {
    const scheme = rfc9421({ nonce: false });
    const keys = memoryKeys([{ accessKey: 'shop', service: 'shop', secrets: [{ secret: 's'.repeat(32) }] }]);
    const clock = () => 1618884473_000;
    const verifier = createVerifier({ scheme, keys, replay: memoryReplay({ clock }), clock });
    const signer = createSigner({ accessKey: 'shop', secret: 's'.repeat(32), scheme, clock });
    const sign = (target: string) => signer.sign(new Request(`https://a.example${target}`));
    expect(scheme.findings?.map(({ code }) => code)).toEqual(['no-nonce']);
    expect(await verifier.verify(await sign('/a'))).toMatchObject({ ok: true });
    expect(await verifier.verify(await sign('/b'))).toMatchObject({ ok: true });
    expect(await verifier.verify(await sign('/a'))).toMatchObject({ error: { code: 'replayed_request' } });
  });

  it('cannot sign a header twice, or one that is none', () => {
    for (const name of ['content-type', '@path', 'a b', 'signature']) {
      const options = { accessKey: 'shop', secret: 's'.repeat(32), scheme: rfc9421(), signedHeaders: [name] };
      expect(() => createSigner(options)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
    }
  });
});
