import { createGate, type GateOptions } from '../server/gate.ts';
import { type OptionNames, readOptions } from '../server/known-options.ts';
import { toResponse } from '../server/response/refusal-response.ts';
import { type TestVerifierOptions, testVerifier, testVerifierNames } from './verifier.ts';

/** What a mock of a network gives for each request: the shape of msw. */
export type Intercepted = {
  /** The request as the app sends it. */
  readonly request: Request;
};

/** Returns a response, or undefined to let the next handler respond. */
export type Resolver = (intercepted: Intercepted) => Promise<Response | undefined>;

/** Options of `requireSignature`: those of `testVerifier` and of `protect`. */
export type RequireSignatureOptions = TestVerifierOptions & Omit<GateOptions<Request>, 'cors' | 'countersign'>;

const names: OptionNames<RequireSignatureOptions> = {
  ...testVerifierNames,
  scope: true,
  sessions: true,
  address: true,
  accessKey: true,
};

/**
 * Creates a resolver for msw that refuses each request that a server refuses, with the same response, and reports why. It lets all
 * other requests go on to the next handler. For Playwright, pass it to `toRoute`.
 *
 * @throws SignatureError the codes of `createVerifier`.
 * @example
 * import { requireSignature } from 'countersign/testing';
 * import { http, HttpResponse } from 'msw';
 * import { setupServer } from 'msw/node';
 *
 * const server = setupServer(
 *   http.all('https://api.example.com/*', requireSignature({ report: () => {} })),
 *   http.get('https://api.example.com/orders', () => HttpResponse.json([])),
 * );
 * server.listen();
 * console.log((await fetch('https://api.example.com/orders')).status); // → 401
 * server.close();
 */
export function requireSignature(options: RequireSignatureOptions = {}): Resolver {
  const given = readOptions(options, names, 'requireSignature()');
  const { scope, sessions, address, accessKey, ...verifying } = given;
  const gateOptions = {
    ...('scope' in given && { scope }),
    ...(sessions !== undefined && { sessions }),
    ...(address && { address }),
    ...(accessKey && { accessKey }),
  } as GateOptions<Request>;
  const gate = createGate<Request>(testVerifier(verifying), gateOptions, 'requireSignature()');
  return async ({ request }) => {
    // The next handler reads the body of the original.
    const passed = await gate({ request: request.clone(), source: request });
    return passed.ok ? undefined : toResponse(passed.response);
  };
}
