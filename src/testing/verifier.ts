import { SignatureError } from '../core/errors.ts';
import { explainSignature } from '../explain/explain.ts';
import type { KeyStore } from '../server/contracts.ts';
import { type OptionNames, readOptions } from '../server/known-options.ts';
import { keptBody } from '../server/verify/body.ts';
import type { ReceivedRequest } from '../server/verify/message.ts';
import type { Verifier } from '../server/verify/verifier.ts';
import { createVerifier } from '../server/verify/verifier.ts';
import { type VerifierOptions, type VerifyContext, verifierNames } from '../server/verify/verifier-options.ts';
import { describeExplanation, requestLine } from './describe-explanation.ts';
import { keyStoreOf, type TestKey, testCredentials } from './keys.ts';
import { testReplay } from './replay.ts';

/** Options of `testVerifier`: those of `createVerifier`, with other defaults. */
export type TestVerifierOptions = Omit<Partial<VerifierOptions>, 'keys'> & {
  /** Credentials, records of keys, or a key store. @default [testCredentials] */
  readonly keys?: readonly TestKey[] | KeyStore;
  /** Is called with the explanation of each refusal, as text. @default console.warn */
  readonly report?: (explanation: string) => void;
};

export const testVerifierNames: OptionNames<TestVerifierOptions> = { ...verifierNames, report: true };

/**
 * Creates a real verifier for tests. It refuses what a server refuses, with the same response, and reports why. Use it with `protect`
 * of any adapter.
 *
 * @param options.replay remembers nonces. @default a memory that `resetNonces()` clears
 * @throws SignatureError the codes of `createVerifier`.
 * @example
 * import { protect } from 'countersign/server';
 * import { testClock, testSigner, testVerifier } from 'countersign/testing';
 *
 * const verifier = testVerifier({ clock: testClock, report: (text) => console.log(text.split('\n')[0]) });
 * const server = protect(verifier, () => Response.json({ ok: true }));
 * console.log((await server(await testSigner().sign('https://api.example.com/orders'))).status); // → 200
 * await server(new Request('https://api.example.com/orders')); // → Refused GET https://api.example.com/orders: missing_signature
 */
export function testVerifier(options: TestVerifierOptions = {}): Verifier {
  const given = readOptions(options, testVerifierNames, 'testVerifier()');
  const { keys = [testCredentials], report = (text: string) => console.warn(text), ...rest } = given;
  const { clock = () => Date.now() } = rest;
  const settings = {
    replay: testReplay(clock),
    ...rest,
    keys: keyStoreOf(keys),
  };
  const verifier = createVerifier(settings);
  return {
    ...verifier,
    async verify(request, given) {
      const copy = readableCopy(request);
      let context: VerifyContext | undefined;
      const result = await verifier.verify(request, () => {
        context = typeof given === 'function' ? given() : given;
        return context ?? {};
      });
      // What the verifier has read of a stream is kept, so that it can be explained afterwards.
      const explained = copy ?? (keptBody(request) && request);
      if (!result.ok) report(await explainRefusal(explained, result.error, { settings, context, now: clock() }));
      return result;
    },
  };
}

type Refusal = {
  readonly settings: VerifierOptions;
  readonly context: VerifyContext | undefined;
  readonly now: number;
};

/** A copy whose body can be read beside the original; undefined if there is none, because the body is a stream of the server. */
function readableCopy(request: Request | ReceivedRequest): Request | ReceivedRequest | undefined {
  if ('clone' in request) return request.bodyUsed || request.body?.locked ? undefined : request.clone();
  return request.body === undefined || ArrayBuffer.isView(request.body) ? request : undefined;
}

async function explainRefusal(
  request: Request | ReceivedRequest | undefined,
  { code, message, help }: SignatureError,
  { settings, context = {}, now }: Refusal,
): Promise<string> {
  const reason = (line: string, text: string) => `Refused ${line}: ${code}\n${text}\nSee ${help}`;
  if (!request) return reason('a request', message);
  const { keys, publicOrigin, publicPath, trustedProxies, tolerance } = settings;
  const [scheme, ...otherSchemes] = [settings.scheme ?? []].flat();
  const { address, accessKey } = context;
  try {
    const explanation = await explainSignature(request, {
      ...(publicOrigin !== undefined && { publicOrigin }),
      ...(publicPath !== undefined && { publicPath }),
      ...(trustedProxies && { trustedProxies }),
      ...(tolerance !== undefined && { tolerance }),
      ...(scheme && { scheme, otherSchemes }),
      ...(address !== undefined && { address }),
      ...(accessKey !== undefined && { accessKey }),
      keys,
      clock: () => now,
    });
    // The verifier may refuse for another reason than the signature, such as a replay.
    const text = explanation.code === code ? describeExplanation(explanation) : message;
    return reason(requestLine(explanation), text);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return reason('a request', message);
  }
}
