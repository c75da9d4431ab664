export type { ChallengeOptions } from './client/challenge.ts';
export { challengeFetch, readChallenge } from './client/challenge.ts';
export type { CorrectedClock } from './client/clock.ts';
export { correctedClock } from './client/clock.ts';
export { type ClockFetchOptions, clockFetch } from './client/clock-fetch.ts';
export type { CountersignedOptions } from './client/countersigned.ts';
export { countersignedFetch } from './client/countersigned.ts';
export type { Explanation } from './client/explain.ts';
export { explainSigning } from './client/explain.ts';
export type { Fetch, SendOptions } from './client/fetch.ts';
export { signedFetch } from './client/fetch.ts';
export { formBlob } from './client/form.ts';
export { formQuery, formQueryFetch } from './client/form-query.ts';
export type { CredentialsProvider } from './client/key.ts';
export type { SigningInit } from './client/outgoing.ts';
export type { PreparedRequest, RequestParts } from './client/prepare-request.ts';
export { prepareRequest } from './client/prepare-request.ts';
export type { RedirectOptions } from './client/redirects.ts';
export { redirectFetch } from './client/redirects.ts';
export type { FetchedSession, FetchSession, SessionRequest } from './client/renewing/fetched-session.ts';
export type { KeptSession, NewSession, SessionKeyStore } from './client/renewing/key-store.ts';
export type { RenewingOptions } from './client/renewing/options.ts';
export type { RenewingCredentials } from './client/renewing/renewing.ts';
export { renewing } from './client/renewing/renewing.ts';
export type { RetirementOptions } from './client/retirement.ts';
export { retirementFetch } from './client/retirement.ts';
export type { SignUrlOptions } from './client/sign-url.ts';
export { signUrl } from './client/sign-url.ts';
export type {
  CredentialsOptions,
  KeyPairOptions,
  SignedMessage,
  Signer,
  SignerOptions,
  SigningOptions,
} from './client/signer.ts';
export { createSigner } from './client/signer.ts';
export type { Credentials, Secret } from './core/credentials.ts';
export { generateCredentials } from './core/credentials.ts';
export type { SignatureErrorCode } from './core/errors.ts';
export { SignatureError } from './core/errors.ts';
export type { HeaderView, Message } from './core/message.ts';
export type { Scheme, SigningScheme } from './core/scheme.ts';
export type { Session } from './core/session/issue.ts';
export { issueSession } from './core/session/issue.ts';
export type { BoundSession, BoundSessionOptions } from './core/session/issue-bound.ts';
export { issueBoundSession } from './core/session/issue-bound.ts';
export type { SessionOptions } from './core/session/session-options.ts';
export type { SigningKey } from './core/signing-key.ts';
export { allowSecretInBrowser, allowUnsignedPayload } from './core/unsafe-options.ts';
export { countersignV1 } from './schemes/countersign-v1/scheme.ts';
