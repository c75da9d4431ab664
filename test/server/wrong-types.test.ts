import { generateCredentials } from 'countersign';
import { protect as protectNode } from 'countersign/node';
import { createVerifier, memoryKeys, memoryReplay, protect } from 'countersign/server';
import { expect, it } from 'vitest';

const { accessKey, secret } = generateCredentials();
const record = { accessKey, service: 'shop', secrets: [{ secret }] };
const given = { keys: memoryKeys([record]), replay: memoryReplay() };
const verifier = createVerifier(given);
const handler = (): Response => new Response('ok');

/** What TypeScript would not let through. */
const untyped = <Kind>(value: unknown): Kind => value as Kind;
const call = (make: unknown, ...args: readonly unknown[]): unknown => (make as (...all: unknown[]) => unknown)(...args);

it.each<[message: RegExp, make: () => unknown]>([
  [/^createVerifier\(\) takes an object, not a value of type undefined/, () => call(createVerifier)],
  [/^keys must be a key store/, () => createVerifier(untyped({ replay: memoryReplay() }))],
  [/^keys must be a key store/, () => createVerifier(untyped({ ...given, keys: [record] }))],
  [/^replay must be a replay store/, () => createVerifier(untyped({ ...given, replay: memoryReplay }))],
  [/^scheme must be a scheme/, () => createVerifier(untyped({ ...given, scheme: 'rfc9421' }))],
  [/^tolerance is 300000, .* in seconds/, () => createVerifier({ ...given, tolerance: 300_000 })],
  [/^memoryKeys\(\) takes a list/, () => call(memoryKeys, record)],
  [/^A secret of the key .* not a string/, () => memoryKeys([untyped({ ...record, secrets: [secret] })])],
  [/^expiresAt is .* multiply seconds by 1000/, () => memoryKeys([{ ...record, expiresAt: 1_900_000_000 }])],
  [/^expiresAt is a Date/, () => memoryKeys([untyped({ ...record, expiresAt: new Date() })])],
  [/^secret has white space or quotes/, () => memoryKeys([{ ...record, secrets: [{ secret: `"${secret}"` }] }])],
  [/the handler is not a function/, () => call(protect, verifier)],
  [/the handler is not a function/, () => call(protectNode, verifier)],
  [/^protect\(\) takes first what createVerifier\(\) returns/, () => call(protect, handler, verifier)],
  [/^protect\(\) takes first what createVerifier\(\) returns/, () => call(protectNode, handler, verifier)],
  [/^protect\(\) takes an object, not null/, () => call(protect, verifier, handler, null)],
])('a value of a wrong type is refused where it is given: %s', (message, make) => {
  expect(make).toThrow(
    expect.objectContaining({
      code: expect.stringMatching(/^invalid_(configuration|credentials)$/),
      message: expect.stringMatching(message),
    }),
  );
});
