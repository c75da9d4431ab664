import { createSigner, prepareRequest } from 'countersign';
import { rfc9421 } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { requestModifiers } from '../../../src/core/modifying-headers.ts';
import { drop, set } from '../../server/honest.ts';
import { type Described, digestOf, judge, type Parts, type Rig, signedParts } from '../../server/rig.ts';
import { body, type Crafted, crafted, created, honestLines, schemeRig, without } from './crafted.ts';

it('accepts what is crafted by hand, so that what follows is refused for its fault', async () => {
  const rig = schemeRig();
  expect(await judge(rig.verifier, crafted(rig))).toBe('ok');
});

const bytes = (text: string) => new TextEncoder().encode(text);

describe('a signature that was moved', () => {
  it.each<[what: string, change: Partial<Parts>, code: string]>([
    ['method', { method: 'PUT' }, 'signature_mismatch'],
    ['host', { authority: 'other.example' }, 'signature_mismatch'],
    ['port', { authority: 'api.example.com:8443' }, 'signature_mismatch'],
    ['path', { target: '/v1/admin?a=1' }, 'signature_mismatch'],
    ['spelling of the path', { target: '/v1/%6Frders?a=1' }, 'signature_mismatch'],
    ['query', { target: '/v1/orders?a=2' }, 'signature_mismatch'],
    ['addition to the query', { target: '/v1/orders?a=1&b' }, 'signature_mismatch'],
    ['repeated parameter', { target: '/v1/orders?a=1&a=1' }, 'signature_mismatch'],
    ['absent query', { target: '/v1/orders' }, 'signature_mismatch'],
    ['body', { body: bytes('{"sku":"A-2"}') }, 'body_digest_mismatch'],
    ['absent body', { body: bytes('') }, 'body_digest_mismatch'],
  ])('to another %s is refused', async (_, change, code) => {
    const rig = schemeRig();
    expect(await judge(rig.verifier, { ...crafted(rig), ...change })).toBe(code);
  });

  it.each<[what: string, headers: Record<string, string>]>([
    ['content type', { 'content-type': 'text/xml' }],
    ['repeated content type', { 'content-type': 'application/json, application/json' }],
    ['digest and body', { 'content-digest': digestOf('other') }],
    ['second digest', { 'content-digest': `${digestOf(body)}, sha-512=:${'A'.repeat(86)}==:` }],
  ])('to another %s is refused', async (_, headers) => {
    const rig = schemeRig();
    const parts = crafted(rig, { headers });
    expect(await judge(rig.verifier, { ...parts, body: bytes('other') })).toBe('signature_mismatch');
  });
});

describe('a modifier', () => {
  const given: Described = { method: 'PUT', body, headers: { 'content-type': 'application/json' } };
  const withModifier = ({ signer }: Pick<Rig, 'signer'>, name: string): Parts =>
    signedParts(signer, { ...given, headers: { ...given.headers, [name]: '"a"' } });

  it.each(requestModifiers)('%s is covered, though nobody has named it', async (name) => {
    const rig = schemeRig();
    const parts = withModifier(rig, name);
    expect(parts.headers['signature-input']).toContain(`"${name}"`);
    expect(await judge(rig.verifier, set(parts, { [name]: '"b"' }))).toBe('signature_mismatch');
    expect(await judge(rig.verifier, drop(parts, name))).toBe('missing_header');
    expect(await judge(rig.verifier, parts)).toBe('ok');
    const bare = signedParts(rig.signer, given);
    expect(await judge(rig.verifier, set(bare, { [name]: '"a"' }))).toBe('insufficient_coverage');
  });

  it('that caches of browsers add to a GET may be there unsigned', async () => {
    const rig = schemeRig();
    const added = { 'if-none-match': '"a"', 'if-modified-since': new Date(0).toUTCString() };
    expect(await judge(rig.verifier, set(signedParts(rig.signer), added))).toBe('ok');
    expect(await judge(rig.verifier, set(signedParts(rig.signer), { range: 'bytes=0-0' }))).toBe(
      'insufficient_coverage',
    );
  });

  it('that the signer names must be in every request, and is covered once', async () => {
    const rig = schemeRig();
    const { accessKey, secret, time } = rig;
    const clock = () => time.now;
    const signer = createSigner({ accessKey, secret, clock, scheme: rfc9421(), signedHeaders: ['if-match'] });
    expect(await judge(rig.verifier, withModifier({ signer }, 'if-match'))).toBe('ok');
    expect(() => signedParts(signer, given)).toThrow('lacks if-match');
  });
});

describe('a signature that is right but covers too little', () => {
  it.each(Object.keys(honestLines).filter((identifier) => identifier !== '"content-digest"'))(
    'is refused without %s',
    async (identifier) => {
      const rig = schemeRig();
      expect(await judge(rig.verifier, crafted(rig, { lines: without(identifier) }))).toBe('insufficient_coverage');
    },
  );

  it('is refused without content-digest where there is a body', async () => {
    const rig = schemeRig();
    expect(await judge(rig.verifier, crafted(rig, { lines: without('"content-digest"') }))).toBe('missing_body_digest');
  });

  it.each<[what: string, given: Crafted, code: string]>([
    ['covers nothing', { lines: {} }, 'insufficient_coverage'],
    ['has no created', { parameters: ';keyid="KEY";nonce="n0"' }, 'insufficient_coverage'],
    [
      'has expires in place of created',
      { parameters: `;expires=${created + 9};keyid="KEY";nonce="n0"` },
      'insufficient_coverage',
    ],
    ['has no keyid', { parameters: `;created=${created};nonce="n0"` }, 'insufficient_coverage'],
    ['has no nonce', { parameters: `;created=${created};keyid="KEY"` }, 'insufficient_coverage'],
    [
      'names another algorithm',
      { parameters: `;created=${created};keyid="KEY";nonce="n0";alg="ed25519"` },
      'signature_mismatch',
    ],
    [
      'names no algorithm that exists',
      { parameters: `;created=${created};keyid="KEY";nonce="n0";alg="none"` },
      'signature_mismatch',
    ],
    [
      'has ended',
      { parameters: `;created=${created - 9};expires=${created};keyid="KEY";nonce="n0"` },
      'expired_signature',
    ],
    ['is old', { parameters: `;created=${created - 301};keyid="KEY";nonce="n0"` }, 'stale_timestamp'],
    ['is of the future', { parameters: `;created=${created + 301};keyid="KEY";nonce="n0"` }, 'future_timestamp'],
  ])('is refused when it %s', async (_, given, code) => {
    const rig = schemeRig();
    expect(await judge(rig.verifier, crafted(rig, given))).toBe(code);
  });

  it.each([
    [
      '@target-uri',
      { '"@target-uri"': 'https://api.example.com/v1/orders?a=1' },
      ['"@authority"', '"@path"', '"@query"'],
    ],
    ['@request-target', { '"@request-target"': '/v1/orders?a=1' }, ['"@path"', '"@query"']],
  ] as const)('is accepted with %s in place of what that holds', async (_, wider, replaced) => {
    const rig = schemeRig();
    expect(await judge(rig.verifier, crafted(rig, { lines: { ...without(...replaced), ...wider } }))).toBe('ok');
  });

  it('is refused with the parameters of a query in place of the query', async () => {
    const rig = schemeRig();
    const lines = { ...without('"@query"'), '"@query-param";name="a"': '1' };
    expect(await judge(rig.verifier, crafted(rig, { lines }))).toBe('insufficient_coverage');
  });

  it('is refused where content-digest is covered in part, or of an answer', async () => {
    const rig = schemeRig();
    const part = { ...without('"content-digest"'), '"content-digest";key="sha-256"': digestOf(body).slice(8) };
    expect(await judge(rig.verifier, crafted(rig, { lines: part }))).toBe('missing_body_digest');
    const ofRequest = { ...honestLines, '"@method";req': 'POST' };
    expect(await judge(rig.verifier, crafted(rig, { lines: ofRequest }))).toBe('malformed_field');
  });

  it('is refused where a content type was added to a request without body', async () => {
    const { signer, verifier } = schemeRig();
    const headers = prepareRequest(signer, { url: 'https://api.example.com/' }).headers;
    const fields = new Map(
      Object.entries({ ...headers, 'content-type': 'text/xml' }).map(([k, v]) => [k.toLowerCase(), v]),
    );
    const request = { method: 'GET', authority: 'api.example.com', target: '/', headers: fields as never };
    expect(await verifier.verify(request)).toMatchObject({ error: { code: 'insufficient_coverage' } });
  });
});

describe('parameters of another form', () => {
  it.each([
    `;created=${created}.0`,
    `;created=${created}.5`,
    `;created="${created}"`,
    ';created=-1',
    ';created',
    `;created=@${created}`,
    `;created=0${created}`,
    `;created=${created};created=${created}`,
    `;created=${created};expires="${created + 9}"`,
    `;created=${created};alg=hmac-sha256`,
    `;created=${created};alg`,
    `;created=${created};alg=""`,
    `;created=${created};nonce=:AAAA:`,
    `;created=${created};nonce=""`,
    `;created=${created};nonce="a b"`,
    `;created=${created};nonce="${'n'.repeat(257)}"`,
  ])('are refused: %s', async (parameters) => {
    const rig = schemeRig();
    const parts = crafted(rig, {
      parameters: `${parameters};keyid="KEY"${/nonce/.test(parameters) ? '' : ';nonce="n0"'}`,
    });
    expect(await judge(rig.verifier, parts)).toBe('malformed_field');
  });

  it.each([';keyid=KEY', ';keyid=""', ';keyid="a b"', ';keyid="KEY";keyid="KEY"', ';keyid=:AAAA:', ';keyid'])(
    'are refused: %s',
    async (keyid) => {
      const rig = schemeRig();
      const parts = crafted(rig, { parameters: `;created=${created}${keyid};nonce="n0"` });
      expect(await judge(rig.verifier, parts)).toBe('malformed_field');
    },
  );

  it('that are unknown are accepted, for they are signed', async () => {
    const rig = schemeRig();
    const parameters = `;created=${created};keyid="KEY";nonce="n0";future=?0;x`;
    expect(await judge(rig.verifier, crafted(rig, { parameters }))).toBe('ok');
  });

  it('in another order than they were signed in are refused', async () => {
    const rig = schemeRig();
    const sent = (parameters: string) =>
      `(${Object.keys(honestLines).join(' ')})${parameters.replace('KEY', rig.accessKey)}`;
    const parameters = `;created=${created};keyid="KEY";nonce="n0"`;
    const swapped = `;keyid="KEY";created=${created};nonce="n0"`;
    expect(await judge(rig.verifier, crafted(rig, { parameters, sent: sent(swapped) }))).toBe('signature_mismatch');
    expect(await judge(rig.verifier, crafted(rig, { parameters, sent: sent(parameters) }))).toBe('ok');
  });
});

describe('components of another form', () => {
  it.each<[component: string, value: string]>([
    ['"@method"', 'POST'],
    ['"Content-Type"', 'application/json'],
    ['"@unknown"', ''],
    ['"@signature-params"', ''],
    ['"@status"', '200'],
    ['content-length', '13'],
    ['"x-a";tr', ''],
    ['"x-a";bs', ':YQ==:'],
    ['"x-a";sf', 'a'],
    ['"x-a";unknown', 'a'],
    ['"x-a";req', 'a'],
    ['"x-a";key=a', 'a'],
    ['"x-a";name="a"', 'a'],
    ['"x-a";sf=?0', 'a'],
    ['"@query-param"', '1'],
    ['"@query-param";name=a', '1'],
    ['"@path";name="a"', '/v1/orders'],
    ['"@path";sf', '/v1/orders'],
    ['"signature"', ''],
    ['"signature-input"', ''],
    ['"set-cookie"', ''],
    ['"x a"', ''],
    ['""', ''],
  ])('are refused: %s', async (component, value) => {
    const rig = schemeRig();
    const { '"@method"': method = '', ...others } = honestLines;
    // An object has each name once, so what is to stand twice differs in a blank that is not sent.
    const lines = { '"@method"': method, ...others, [component === '"@method"' ? '"@method" ' : component]: value };
    const parts = crafted(rig, { lines, headers: { 'x-a': 'a' } });
    expect(await judge(rig.verifier, parts)).toBe('malformed_field');
  });

  it.each(['"x-b"', '"@query-param";name="b"', '"content-digest";key="sha-1"'])(
    'are refused where the request does not have them: %s',
    async (component) => {
      const rig = schemeRig();
      const parts = crafted(rig, { lines: { ...honestLines, [component]: '' } });
      expect(await judge(rig.verifier, parts)).toBe('missing_header');
    },
  );

  it('are refused where a query parameter stands twice', async () => {
    const rig = schemeRig();
    const lines = { ...honestLines, '"@query"': '?a=1&a=2', '"@query-param";name="a"': '1' };
    const parts = { ...crafted(rig, { lines }), target: '/v1/orders?a=1&a=2' };
    expect(await judge(rig.verifier, parts)).toBe('invalid_request');
  });
});

describe('digests', () => {
  const weak = `md5=:${'A'.repeat(22)}==:, sha=:${'A'.repeat(27)}=:, unixsum=30637`;
  it.each<[digest: string, code: string]>([
    [weak, 'insufficient_coverage'],
    [`${weak}, ${digestOf(body)}`, 'ok'],
    [`${digestOf(body)}, ${digestOf(body)}`, 'malformed_field'],
    [digestOf('other'), 'body_digest_mismatch'],
    [`${digestOf(body)}, sha-512=:${'A'.repeat(86)}==:`, 'body_digest_mismatch'],
    ['sha-256=:AAAA:', 'malformed_field'],
    ['sha-256="AAAA"', 'malformed_field'],
    [`sha-256=${'a'.repeat(64)}`, 'malformed_field'],
    [digestOf(body).replace('=:', ':'), 'malformed_field'],
  ])('of %s are judged %s', async (digest, code) => {
    const rig = schemeRig();
    const lines = { ...honestLines, '"content-digest"': digest };
    const parts = crafted(rig, { lines, headers: { 'content-digest': digest } });
    expect(await judge(rig.verifier, parts)).toBe(code);
  });
});

describe('a covered dictionary', () => {
  it.each([
    ['priority;sf', 'priority', 'u=5', 'u=1, u=5'],
    ['priority;sf', 'priority', 'u=5', 'u=5;x=1;x=2'],
    ['x-tenant;key="id"', 'x-tenant', 'id=acme', 'id=evil, id=acme'],
    ['repr-digest;sf', 'repr-digest', 'sha-256=:AAAA:', 'sha-256=:EVIL:, sha-256=:AAAA:'],
    ['client-cert;sf', 'client-cert', ':QUE=:', ':QUE=:;x=1;x=2'],
  ])('by %s is refused where a name occurs twice in %s', async (component, name, value, forged) => {
    const { signer, verifier } = schemeRig(
      { components: ['@method', '@authority', '@path', '@query', component] },
      {
        acceptFindings: ['body-unsigned'],
      },
    );
    const parts = signedParts(signer, { method: 'GET', target: '/', headers: { [name]: value } });
    const moved = { ...parts, headers: { ...parts.headers, [name]: forged } };
    expect(await judge(verifier, moved)).toBe('malformed_field');
    expect(await judge(verifier, parts)).toBe('ok');
  });
});
