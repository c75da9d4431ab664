export type { Credentials, PlatformKey, Secret } from './core/credentials.ts';
export { generateCredentials } from './core/credentials.ts';
export type { SignatureErrorCode } from './core/errors.ts';
export { SignatureError } from './core/errors.ts';
export type { HeaderView } from './core/message.ts';
export type { Scheme } from './core/scheme.ts';
export type { Finding, FindingCode } from './core/scheme-finding.ts';
export type { Session } from './core/session/issue.ts';
export { issueSession } from './core/session/issue.ts';
export type { BoundSession, BoundSessionOptions } from './core/session/issue-bound.ts';
export { issueBoundSession } from './core/session/issue-bound.ts';
export type { SessionOptions } from './core/session/session-options.ts';
export { allowUnsignedPayload } from './core/unsafe-options.ts';
export { countersignV1 } from './schemes/countersign-v1/scheme.ts';
export type { AuditLoss, BoundedSink, BoundedSinkCounts, BoundedSinkOptions } from './server/audit/bounded-sink.ts';
export { boundedSink } from './server/audit/bounded-sink.ts';
export { combineSinks } from './server/audit/combine-sinks.ts';
export type { CountingSink, CountingSinkOptions, OutcomeCount } from './server/audit/counting-sink.ts';
export { countingSink } from './server/audit/counting-sink.ts';
export type { AuditLogger, LineWriter } from './server/audit/log-sinks.ts';
export { jsonLinesSink, loggerSink } from './server/audit/log-sinks.ts';
export type {
  AcceptedEvent,
  AskedSession,
  AuditEvent,
  AuditSink,
  Challenges,
  KeyRecord,
  KeySecret,
  KeyStore,
  Limiter,
  Principal,
  PrincipalSession,
  RefusedEvent,
  ReplayClaim,
  ReplayStore,
  ReportedEvent,
  RevokedSessions,
} from './server/contracts.ts';
export type { Caller, GateOptions } from './server/gate.ts';
export { derivedSecretsFromText, sealerFromText } from './server/keys/at-rest-text.ts';
export type { CachedKeysOptions } from './server/keys/cached-keys.ts';
export { cachedKeys } from './server/keys/cached-keys.ts';
export type { DerivedSecrets } from './server/keys/derived-secrets.ts';
export { derivedSecrets } from './server/keys/derived-secrets.ts';
export type { Rotation, SecretState } from './server/keys/key-lifecycle.ts';
export { secretState } from './server/keys/key-lifecycle.ts';
export type { KeyFilter, KeyTable, StoredKey, StoredPublicKey, StoredSecret } from './server/keys/key-table.ts';
export { memoryKeyTable } from './server/keys/key-table.ts';
export type {
  IssuedSecret,
  ManagedKeys,
  ManagedKeysOptions,
  RegisteredPublicKey,
  RotateOptions,
} from './server/keys/managed-keys.ts';
export { managedKeys } from './server/keys/managed-keys.ts';
export { memoryKeys } from './server/keys/memory-keys.ts';
export type { NewKey } from './server/keys/new-key.ts';
export type { PrunedKeys, PruneKeysOptions } from './server/keys/prune-keys.ts';
export { pruneKeys } from './server/keys/prune-keys.ts';
export type { Resealed, ResealOptions, SecretName } from './server/keys/reseal-keys.ts';
export { resealKeys } from './server/keys/reseal-keys.ts';
export type { Sealer, SealingKey, SealingOptions } from './server/keys/sealing.ts';
export { aesSealer } from './server/keys/sealing.ts';
export type { ProtectedHandler, ProtectOptions } from './server/protect.ts';
export { protect, requireScope } from './server/protect.ts';
export type { MemoryReplayOptions } from './server/replay/memory-replay.ts';
export { memoryReplay } from './server/replay/memory-replay.ts';
export type { ReportedHandler, ReportOnlyOptions } from './server/report-only.ts';
export { reportOnly } from './server/report-only.ts';
export type { ChallengeOptions } from './server/response/challenges.ts';
export { signedChallenges } from './server/response/challenges.ts';
export type { CorsOptions } from './server/response/cors-options.ts';
export type { PlainResponse } from './server/response/refusal-response.ts';
export type { MemoryRevokedSessions, MemoryRevokedSessionsOptions } from './server/session/memory-revoked-sessions.ts';
export { memoryRevokedSessions } from './server/session/memory-revoked-sessions.ts';
export type { SessionGrant, SessionHandlerOptions } from './server/session/session-handler.ts';
export { sessionHandler } from './server/session/session-handler.ts';
export type { ExpectedBody, ReceivedBody } from './server/verify/body.ts';
export { checkBodyDigest } from './server/verify/body.ts';
export type {
  RefusalDifference,
  RefusalExplainer,
  RefusalExplanation,
  RefusedRequest,
} from './server/verify/explained-refusal.ts';
export type { PublicAddress, ReceivedRequest } from './server/verify/message.ts';
export type { ForwardingHeader, TrustedProxies } from './server/verify/proxies.ts';
export type { Refused, ResolvedAddress, Verified } from './server/verify/result.ts';
export type { Verifier } from './server/verify/verifier.ts';
export { createVerifier } from './server/verify/verifier.ts';
export type { LimitOptions, VerifierOptions, VerifyContext } from './server/verify/verifier-options.ts';
export type { RevocablePrincipal } from './stores/revoked-session.ts';
