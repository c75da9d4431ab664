import { normaliseTarget } from '../../core/address.ts';
import { SignatureError } from '../../core/errors.ts';
import { ignoreFailure } from '../../core/ignore-failure.ts';
import type { SignatureExplanation } from '../../explain/explanation.ts';
import { countersignV1 } from '../../schemes/countersign-v1/scheme.ts';
import { defineScheme } from '../../schemes/define/define-scheme.ts';
import type { SchemeDefinition } from '../../schemes/define/definition.ts';
import { memoryKeys } from '../../server/keys/memory-keys.ts';
import { type OptionNames, requireKnownOptions } from '../../server/known-options.ts';
import { memoryReplay } from '../../server/replay/memory-replay.ts';
import { errorResponse, toResponse } from '../../server/response/refusal-response.ts';
import { createBodyReader } from '../../server/verify/body.ts';
import type { ReceivedRequest } from '../../server/verify/message.ts';
import type { Verified } from '../../server/verify/result.ts';
import { createVerifier } from '../../server/verify/verifier.ts';
import { checkKitCredentials, type KitCredentials } from '../credentials.ts';
import { advise } from './advise.ts';
import { createBehaviours, type Seen } from './behaviours.ts';
import { createKitExplainer } from './explainer.ts';
import { type Checklist, createChecklist, type ScenarioState } from './scenarios.ts';

/** Whom a kit server lets in. */
export type KitServerOptions = {
  /** The pair of the kit. */
  readonly credentials: KitCredentials;
  /** The scheme, as data. @default countersign-v1 */
  readonly definition?: SchemeDefinition;
  /** The origin that callers sign, such as `https://sandbox.example.com`; without it, the origin of the request. */
  readonly publicOrigin?: string;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Called for each request. Exceptions are ignored. @default none */
  readonly onRequest?: (seen: KitExchange) => void;
};

/** A request and what became of it. */
export type KitExchange = {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  /** Undefined for a request that was accepted, or refused without an explanation: 413, or too many at once. */
  readonly explanation?: SignatureExplanation;
};

/** A server that verifies requests, explains those that it refuses, and ticks off situations. */
export type KitServer = {
  /**
   * Responds to a request, and never rejects. A refusal by the verifier contains `advice`, a list of
   * sentences that say what to change, and the whole explanation. Explains one request at a
   * time; if more than eight are open, a refusal has a `note` instead. A body of more than 2 MiB gets 413.
   */
  handle(request: Request | ReceivedRequest): Promise<Response>;
  /** Lists the situations, and how far the client has come. */
  scenarios(): readonly ScenarioState[];
};

const optionNames: OptionNames<KitServerOptions> = {
  credentials: true,
  definition: true,
  publicOrigin: true,
  clock: true,
  onRequest: true,
};
const json = { 'content-type': 'application/json' };
/** How far the clock of `/kit/clock` is ahead, in milliseconds. */
const ahead = 600_000;
/** In bytes. There is a situation of 1 MiB. */
const maxBodyBytes = 2 * 2 ** 20;
const unexplained = 'Too many requests are being explained. Send this one again later for an explanation.';

/**
 * Creates a server for partners who try their client. It knows one pair, and explains to each caller why a signature does not fit: use it
 * with a pair that is worth nothing, on the loopback or in a sandbox. It remembers nonces and situations in memory.
 *
 * @throws SignatureError `invalid_configuration`, also for a `publicOrigin` with a path; `invalid_credentials`.
 * @example
 * import { createKitServer } from 'countersign/kit';
 *
 * const server = createKitServer({ credentials: { accessKey: 'partner-1', secret: 'a secret of 16 bytes or more' } });
 * const response = await server.handle(new Request('http://127.0.0.1:9400/orders'));
 * console.log(response.status, server.scenarios()[0]?.state); // → 401 open
 */
export function createKitServer(options: KitServerOptions): KitServer {
  requireKnownOptions(options, optionNames, 'createKitServer()');
  const { definition, publicOrigin, clock = () => Date.now(), onRequest } = options;
  const { accessKey: given, secret } = checkKitCredentials(options.credentials);
  const scheme = definition ? defineScheme(definition) : countersignV1;
  const accessKey = scheme.fields.length && !carriesKey(definition) ? scheme.name : given;
  const keys = memoryKeys([{ accessKey, service: 'kit', secrets: [{ secret }] }]);
  const acceptFindings = [...new Set((scheme.findings ?? []).map(({ code }) => code))];
  const replay = memoryReplay({ clock });
  const address = publicOrigin === undefined ? {} : { publicOrigin };
  const verifier = createVerifier({ keys, replay, scheme, acceptFindings, clock, ...address });
  const late = createVerifier({ keys, replay, scheme, acceptFindings, clock: () => clock() + ahead, ...address });
  const explain = createKitExplainer({ keys, scheme, clock, ...address });
  const checklist = createChecklist();
  const behaviours = createBehaviours(checklist);

  async function respond(request: Request | ReceivedRequest, given: ReceivedRequest): Promise<Handled> {
    const body = (await createBodyReader(request, maxBodyBytes).read()) ?? new Uint8Array();
    const received = { ...given, body, bodyUsed: false };
    const atLateClock = pathOf(received) === '/kit/clock';
    const authority = publicOrigin === undefined ? received.authority : new URL(publicOrigin).host;
    const seen = { ...describeSeen(received, scheme.fields), authority, ahead: atLateClock };
    const early = behaviours.before(seen);
    if (early) return { response: early };
    const result = await (atLateClock ? late : verifier).verify(received);
    if (result.ok) return { response: await accept(seen, received, result) };
    behaviours.refused(seen, result.error.code);
    const { error, response } = result;
    const { status, headers } = response;
    // Countersigned as it is, so that the client can trust its time.
    if (atLateClock && error.code === 'stale_timestamp') return { response: new Response(response.body, response) };
    const explanation = await explain(received);
    const explained = explanation ? { explanation } : { note: unexplained };
    const { code, message: reason } = error;
    const advice = advise({ code, scheme, explanation });
    const problem = { ...JSON.parse(response.body || '{}'), code, reason, advice, ...explained };
    const text = JSON.stringify(problem, null, 2);
    return { response: new Response(text, { status, headers: unsigned(headers) }), explanation };
  }

  async function accept(
    seen: Seen,
    { method, target, headers, body }: ReceivedRequest & { readonly body: Uint8Array },
    verified: Verified<ReceivedRequest>,
  ): Promise<Response> {
    checklist.accept({ method, target, contentType: headers.get('content-type') ?? '', body });
    const own = await behaviours.accepted(seen, verified);
    const response = own ?? new Response(JSON.stringify({ verified: true, method, target }), { headers: json });
    return scheme.response && !/^\/kit\/(?:forged|unsigned)$/.test(seen.path)
      ? verified.countersign(response)
      : response;
  }

  return {
    async handle(request) {
      const received = toReceived(request);
      if (received.target?.split('?')[0] === '/kit') return showChecklist(checklist);
      const { response, explanation } = await respond(request, received).catch((cause) => ({
        response: toResponse(errorResponse(toSignatureError(cause), scheme.name)),
        explanation: undefined,
      }));
      const { method, target } = received;
      // A failing callback must not affect the request.
      ignoreFailure(() =>
        onRequest?.({ method, target, status: response.status, ...(explanation && { explanation }) }),
      );
      return response;
    },
    scenarios: () => checklist.list(),
  };
}

type Handled = { readonly response: Response; readonly explanation?: SignatureExplanation | undefined };

const carriesKey = (definition: SchemeDefinition | undefined): boolean =>
  !definition || JSON.stringify(definition).includes('{accessKey');

const showChecklist = (checklist: Checklist): Response =>
  new Response(JSON.stringify({ scenarios: checklist.list() }, null, 2), { headers: json });

// The explanation is not what was countersigned.
const unsigned = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(?:x-api-|unencoded-digest|content-length)/i.test(name)),
  );

const pathOf = ({ target }: ReceivedRequest): string => normaliseTarget(target).split('?')[0] ?? '';

function describeSeen(received: ReceivedRequest, fields: readonly string[]): Omit<Seen, 'ahead' | 'authority'> {
  const { headers } = received;
  const signature = fields.map((name) => headers.get(name)).find((value) => value !== null) ?? undefined;
  const own = headers.get('x-api-signature') ?? signature;
  return { path: pathOf(received), signature: own };
}

function toReceived(request: Request | ReceivedRequest): ReceivedRequest {
  if (!('url' in request)) return request;
  const { protocol, host, pathname, search } = new URL(request.url);
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return { method: request.method, scheme, authority: host, target: pathname + search, headers: request.headers };
}

const toSignatureError = (cause: unknown): SignatureError =>
  cause instanceof SignatureError
    ? cause
    : new SignatureError('internal_error', 'The request could not be handled.', 500, { cause });
