import { SignatureError } from '../core/errors.ts';
import { countersignV1 } from '../schemes/countersign-v1.ts';
import type { Attempt } from './attempt.ts';
import { type Audited, report } from './audit.ts';
import { budgetsOf } from './budgets.ts';
import { countersignedReply, countersigners } from './countersign.ts';
import { judgeBy } from './judge.ts';
import { requireKnownOptions } from './known-options.ts';
import type { ReceivedRequest } from './received.ts';
import { replyTo } from './reply.ts';
import { acceptedSchemes } from './schemes.ts';
import { requireScope } from './steps.ts';
import type { Refused, Verified } from './verdict.ts';
import { limitNames, type VerifierOptions, type VerifyContext, verifierNames } from './verifier-options.ts';

/** Judges requests; made by {@link createVerifier}. */
export type Verifier = {
  /** Judges a request. Throws for nothing that a caller can send. */
  verify<Received extends Request | ReceivedRequest>(
    request: Received,
    context?: VerifyContext,
  ): Promise<Verified<Received> | Refused>;
  /** Whether a scheme signs the bytes of the body and not their SHA-256: its requests cannot be judged without their body. */
  readonly needsBody: boolean;
  /** What callers send and read, as far as the schemes know: for CORS, where a page may only use what is named. */
  readonly fields: {
    /** Names of request headers, in lower case; without those that a caller chooses to sign in addition. */
    readonly request: readonly string[];
    /** Names of response headers that countersignatures are in, or that tell how to sign. */
    readonly response: readonly string[];
  };
};

type Telling = Pick<Audited, 'request' | 'error' | 'reportOnly'> & {
  readonly attempt: Attempt;
  /** When judging began, by `performance.now()`. */
  readonly begun: number;
};

/**
 * Makes a verifier. Nothing is accepted that is not fresh, unseen, whole and signed with an active secret, but what `accept`
 * names.
 *
 * @throws SignatureError `invalid_configuration`, `invalid_credentials` for a `responseKey` that cannot sign.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  requireKnownOptions(options, verifierNames, 'createVerifier()');
  const { scheme = countersignV1, clock = () => Date.now(), audit, limits = {}, accept = [], challenges } = options;
  requireKnownOptions(limits, limitNames, 'limits of createVerifier()');
  const schemes = acceptedSchemes(scheme, accept);
  const budgets = budgetsOf(limits);
  const countersignerOf = countersigners({ schemes, responseKey: options.responseKey, clock });
  const judge = judgeBy(options, { schemes, budgets, clock, countersignerOf });
  const howToSign = schemes.map((one) => one.challenge ?? {});

  /** A request of which not even the address can be read has cost nothing yet. */
  async function charged(cause: unknown, attempt: Attempt): Promise<unknown> {
    try {
      await budgets.charge(attempt);
      return cause;
    } catch (limited) {
      return limited;
    }
  }

  async function refuse(cause: unknown, attempt: Attempt): Promise<Refused> {
    const error =
      cause instanceof SignatureError
        ? cause
        : new SignatureError('internal_error', 'The request could not be judged.', 500, { cause });
    const reply = replyTo(error, {
      scheme: (attempt.candidate?.scheme ?? schemes[0]).name,
      disclosed: attempt.key !== undefined || attempt.record?.explain === true,
      howToSign,
      challenge: error.status === 401 ? challenges?.issue() : undefined,
      budget: attempt.budget,
    });
    // So that a proved caller can believe it: the time in it, above all, where that caller's clock is wrong.
    const countersigner = countersignerOf(attempt);
    // A key that may only verify signs no answer.
    const signed = countersigner && (await countersignedReply(countersigner, reply).catch(() => undefined));
    return { ok: false, error, reply: signed ?? reply };
  }

  /** A scope that a route asks for later is refused as one that the context asks for. */
  async function scopeRefused(request: Request | ReceivedRequest, attempt: Attempt, scope: string) {
    const begun = performance.now();
    try {
      requireScope(attempt.record ?? {}, scope);
      return undefined;
    } catch (cause) {
      const refused = await refuse(cause, attempt);
      tellAudit({ request, attempt, begun, error: refused.error, reportOnly: false });
      return refused;
    }
  }

  function tellAudit({ request, attempt, begun, error, reportOnly }: Telling): void {
    if (!audit) return;
    const { address, candidate, record, secretId } = attempt;
    report(audit, {
      time: clock(),
      duration: performance.now() - begun,
      request,
      address,
      accessKey: candidate?.accessKey,
      scheme: candidate?.scheme.name,
      secretId,
      nonce: candidate?.presented.nonce,
      record,
      error,
      reportOnly,
    });
  }

  return {
    async verify(request, context = {}) {
      const begun = performance.now();
      const attempt: Attempt = { address: context.address };
      let result: Verified<typeof request> | Refused;
      try {
        const checkScope = (scope: string) => scopeRefused(request, attempt, scope);
        result = Object.assign(await judge(request, context, attempt), { checkScope });
      } catch (cause) {
        result = await refuse(await charged(cause, attempt), attempt);
      }
      const error = result.ok ? undefined : result.error;
      const settled = budgets.settle(attempt, error);
      if (settled) await settled;
      tellAudit({ request, attempt, begun, error, reportOnly: context.reportOnly === true });
      return result;
    },
    needsBody: schemes.some(({ body }) => body === 'bytes'),
    fields: {
      request: [...new Set(schemes.flatMap(({ fields }) => fields))],
      response: [
        ...new Set(
          schemes.flatMap(({ response, challenge = {} }) => [...(response?.fields ?? []), ...Object.keys(challenge)]),
        ),
      ],
    },
  };
}
