import { generateCredentials, type SignatureError } from 'countersign';
import {
  type AuditSink,
  allowUnsignedPayload,
  createVerifier,
  type KeyRecord,
  type KeyStore,
  memoryKeys,
  memoryReplay,
  type Principal,
  protect,
  type ReplayStore,
  type VerifierOptions,
} from 'countersign/server';
import { expect, expectTypeOf, it } from 'vitest';

const credentials = generateCredentials();
const keys = memoryKeys([{ accessKey: credentials.accessKey, service: 'shop', secrets: [credentials] }]);
const replay = memoryReplay();
const verifier = createVerifier({ keys, replay });

it('can be made neither without keys nor without replay protection', () => {
  expectTypeOf(keys).toExtend<KeyStore>();
  expectTypeOf(replay).toExtend<ReplayStore>();
  const from = (options: VerifierOptions) => options;
  // @ts-expect-error Without replay protection every signature would be good for ever.
  from({ keys });
  // @ts-expect-error Without keys nobody is known.
  from({ replay });
  // @ts-expect-error It cannot be switched off by a value either.
  from({ keys, replay: false });
  // @ts-expect-error Nor be undefined.
  from({ keys, replay: undefined });
  // @ts-expect-error A dangerous switch is a symbol.
  from({ keys, replay, allowUnsignedPayload: true });
  expectTypeOf(from({ keys, replay, [allowUnsignedPayload]: true })).toEqualTypeOf<VerifierOptions>();
});

it('gives a principal only to who has looked whether the request is good', async () => {
  const result = await verifier.verify(new Request('https://api.example.com/'));
  // @ts-expect-error Not before ok has been looked at.
  expect(result.principal).toBeUndefined();
  if (result.ok) {
    expectTypeOf(result.principal).toEqualTypeOf<Principal>();
    expectTypeOf(result.request).toEqualTypeOf<Request>();
    expectTypeOf(result.body).toEqualTypeOf<ReturnType<TextEncoder['encode']> | undefined>();
    expectTypeOf(result).not.toHaveProperty('error');
  } else {
    expectTypeOf(result.error).toEqualTypeOf<SignatureError>();
    expectTypeOf(result.response.status).toEqualTypeOf<number>();
    expectTypeOf(result).not.toHaveProperty('principal');
  }
  expect(result.ok).toBe(false);
});

it('takes a web handler and is one', () => {
  const serve = protect(verifier, (request, { principal, body }) => {
    expectTypeOf(request).toEqualTypeOf<Request>();
    expectTypeOf(principal).toEqualTypeOf<Principal>();
    expectTypeOf(body).toEqualTypeOf<ReturnType<TextEncoder['encode']> | undefined>();
    return new Response(principal.service);
  });
  expectTypeOf(serve).toEqualTypeOf<(request: Request) => Promise<Response>>();
  // @ts-expect-error A handler answers with a Response.
  expect(protect(verifier, () => 'hello')).toBeTypeOf('function');
  // @ts-expect-error There are two ways to countersign.
  expect(protect(verifier, () => new Response(), { countersign: true })).toBeTypeOf('function');
});

it('asks of a key record what an operator must know', () => {
  const { accessKey, secret } = credentials;
  const from = (record: KeyRecord) => record;
  from({ accessKey, service: 'shop', secrets: [{ secret }] });
  // @ts-expect-error Whose key is it?
  from({ accessKey, secrets: [{ secret }] });
  // @ts-expect-error Secrets are a list, so that they can be rotated.
  from({ accessKey, service: 'shop', secrets: { secret } });
});

it('tells an audit sink nothing of secrets', () => {
  expectTypeOf<Parameters<AuditSink>[0]>().not.toHaveProperty('secret');
  expectTypeOf<Parameters<AuditSink>[0]>().not.toHaveProperty('signature');
});
