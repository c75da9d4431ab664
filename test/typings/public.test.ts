import {
  allowSecretInBrowser,
  allowUnsignedPayload,
  type Credentials,
  countersignV1,
  createSigner,
  type Explanation,
  explainSigning,
  formBlob,
  generateCredentials,
  type PreparedRequest,
  prepareRequest,
  type RequestParts,
  type Scheme,
  type SendOptions,
  SignatureError,
  type SignatureErrorCode,
  type Signer,
  type SignerOptions,
  type SigningInit,
  type SigningKey,
  type SigningScheme,
  signedFetch,
} from 'countersign';
import { signingHooks } from 'countersign/ky';
import ky from 'ky';
import ky1 from 'ky1';
import { expect, expectTypeOf, it } from 'vitest';

const { accessKey, secret } = generateCredentials();
const signer = createSigner({ accessKey, secret });

it('takes an access key and a secret, or credentials, and not both', () => {
  expectTypeOf(createSigner).returns.toEqualTypeOf<Signer>();
  const credentials: Credentials = { accessKey, secret };
  createSigner({ credentials });
  createSigner({ credentials: () => credentials });
  createSigner({ credentials: async () => credentials });
  // @ts-expect-error Which of the two?
  createSigner({ credentials, accessKey, secret });
  // @ts-expect-error The secret is missing.
  expect(() => createSigner({ accessKey })).toThrow(SignatureError);
  // @ts-expect-error A secret is no number.
  expect(() => createSigner({ accessKey, secret: 1 })).toThrow(SignatureError);
  // @ts-expect-error The options are missing.
  expect(() => createSigner()).toThrow(SignatureError);
});

it('knows its options by name and type', () => {
  const from = (options: Partial<SignerOptions>) => options;
  from({ clock: Date.now, nonce: () => 'x', maxBodyBytes: 1, signedHeaders: ['accept'], scheme: countersignV1 });
  // @ts-expect-error There is no such option.
  from({ tolerance: 300 });
  // @ts-expect-error A clock returns a number.
  from({ clock: () => new Date() });
  // @ts-expect-error A nonce is a text.
  from({ nonce: () => 1 });
  // @ts-expect-error Header names are a list.
  from({ signedHeaders: 'accept' });
  // @ts-expect-error A scheme is no name.
  from({ scheme: 'countersign-v1' });
});

it('opens dangerous switches by symbol alone', () => {
  const from = (options: Partial<SignerOptions>) => options;
  from({ [allowUnsignedPayload]: true, [allowSecretInBrowser]: true });
  // @ts-expect-error Not by a text, which a configuration file could hold.
  from({ allowUnsignedPayload: true });
  // @ts-expect-error A switch is on or absent.
  from({ [allowUnsignedPayload]: false });
  expectTypeOf(allowUnsignedPayload).not.toEqualTypeOf<typeof allowSecretInBrowser>();
});

it('signs requests and values', () => {
  expectTypeOf(signer.sign).parameters.toEqualTypeOf<[input: string | URL | Request, init?: SigningInit]>();
  expectTypeOf(signer.sign).returns.toEqualTypeOf<Promise<Request>>();
  expectTypeOf(prepareRequest).parameters.toEqualTypeOf<[signer: Signer, parts: RequestParts]>();
  expectTypeOf(prepareRequest).returns.toEqualTypeOf<PreparedRequest>();
  expectTypeOf(explainSigning).parameters.toEqualTypeOf<
    [signer: Signer, input: string | URL | Request, init?: SigningInit]
  >();
  expectTypeOf(explainSigning).returns.toEqualTypeOf<Promise<Explanation>>();
  expectTypeOf<Explanation>().not.toHaveProperty('secret');
  // @ts-expect-error The URL is missing.
  expect(() => prepareRequest(signer, { method: 'GET' }).headers).toThrow(TypeError);
  // @ts-expect-error An object is no body: it has to be serialised by whoever sends it.
  expect(() => prepareRequest(signer, { url: 'https://a.example/', body: { sku: 'A-1' } }).headers).toThrow(
    SignatureError,
  );
});

it('gives a fetch that stands in for the platform and for the one that ky takes', () => {
  const api = signedFetch(signer);
  expectTypeOf(api).toEqualTypeOf<typeof globalThis.fetch>();
  expectTypeOf(signedFetch).parameter(1).toEqualTypeOf<SendOptions | undefined>();
  expect(ky.create({ fetch: api })).toBeTypeOf('function');
  expect(ky1.create({ fetch: api })).toBeTypeOf('function');
  // @ts-expect-error A signer, not its credentials.
  expect(signedFetch({ accessKey, secret })('https://a.example/')).rejects.toThrow(TypeError);
});

it('gives hooks that ky 1 and ky 2 take, also beside others', () => {
  const hooks = signingHooks(signer);
  const log = () => {};
  expect(ky.create({ hooks }).extend({ hooks })).toBeTypeOf('function');
  expect(ky1.create({ hooks }).extend({ hooks })).toBeTypeOf('function');
  const also = { ...hooks, beforeRequest: [log, ...hooks.beforeRequest], afterResponse: [log] };
  expect(ky.create({ hooks: also })).toBeTypeOf('function');
  expect(ky1.create({ hooks: also })).toBeTypeOf('function');
  // @ts-expect-error Hooks sign with a signer.
  expect(signingHooks({ accessKey, secret })).toBeTypeOf('object');
});

it('tells errors by a closed set of codes', () => {
  const error = new SignatureError('invalid_request', 'x');
  expectTypeOf(error.code).toEqualTypeOf<SignatureErrorCode>();
  expectTypeOf(error.status).toEqualTypeOf<number>();
  expectTypeOf(error.help).toEqualTypeOf<string>();
  // @ts-expect-error There is no such code.
  expect(error.code === 'invalid_signatur').toBe(false);
  // @ts-expect-error There is no such code.
  expect(new SignatureError('bad', 'x')).toBeInstanceOf(Error);
});

it('lets a scheme be written elsewhere', () => {
  expectTypeOf(countersignV1).toEqualTypeOf<Scheme>();
  expectTypeOf<Scheme>().toExtend<SigningScheme>();
  expectTypeOf<SigningKey['sign']>().returns.toEqualTypeOf<Uint8Array | Promise<Uint8Array>>();
  expectTypeOf<SigningKey['verify']>().returns.toEqualTypeOf<boolean | Promise<boolean>>();
});

it('makes credentials whose secret is a text, and forms that are a Blob', () => {
  expectTypeOf(generateCredentials()).toExtend<Credentials>();
  expectTypeOf(generateCredentials().secret).toEqualTypeOf<string>();
  expectTypeOf(formBlob).returns.toEqualTypeOf<Promise<Blob>>();
  // @ts-expect-error An environment is a text.
  expect(() => generateCredentials({ environment: 1 })).not.toThrow();
});
