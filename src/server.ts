export type { Credentials, PlatformKey, Secret } from './core/credentials.ts';
export { generateCredentials } from './core/credentials.ts';
export type { SignatureErrorCode } from './core/errors.ts';
export { SignatureError } from './core/errors.ts';
export type { Finding, FindingCode } from './core/finding.ts';
export type { HeaderView } from './core/message.ts';
export type { Scheme } from './core/scheme.ts';
export { allowUnsignedPayload } from './core/switches.ts';
export { countersignV1 } from './schemes/countersign-v1.ts';
export { allSinks } from './server/all-sinks.ts';
export { derivedSecretsFromText, sealerFromText } from './server/at-rest-text.ts';
export type { AuditLoss, BoundedSink, BoundedSinkCounts, BoundedSinkOptions } from './server/bounded-sink.ts';
export { boundedSink } from './server/bounded-sink.ts';
export type { CachedKeysOptions } from './server/cached-keys.ts';
export { cachedKeys } from './server/cached-keys.ts';
export type { ChallengeOptions } from './server/challenges.ts';
export { signedChallenges } from './server/challenges.ts';
export type {
  AcceptedEvent,
  AuditEvent,
  AuditSink,
  Challenges,
  KeyRecord,
  KeySecret,
  KeyStore,
  Limiter,
  Principal,
  RefusedEvent,
  ReplayClaim,
  ReplayStore,
  ReportedEvent,
} from './server/contracts.ts';
export type { CorsOptions } from './server/cors-options.ts';
export type { DerivedSecrets } from './server/derived-secrets.ts';
export { derivedSecrets } from './server/derived-secrets.ts';
export type { Caller, GateOptions } from './server/gate.ts';
export type { Rotation, SecretState } from './server/key-lifecycle.ts';
export { secretState } from './server/key-lifecycle.ts';
export type { KeyFilter, KeyTable, StoredKey, StoredPublicKey, StoredSecret } from './server/key-table.ts';
export { memoryKeyTable } from './server/key-table.ts';
export { memoryKeys } from './server/keys.ts';
export type { AuditLogger, LineWriter } from './server/log-sinks.ts';
export { jsonLines, loggedTo } from './server/log-sinks.ts';
export type {
  IssuedSecret,
  ManagedKeys,
  ManagedKeysOptions,
  RegisteredPublicKey,
  RotateOptions,
} from './server/managed-keys.ts';
export { managedKeys } from './server/managed-keys.ts';
export type { NewKey } from './server/new-key.ts';
export type { OutcomeCount, OutcomeCounts, OutcomeCountsOptions } from './server/outcome-counts.ts';
export { outcomeCounts } from './server/outcome-counts.ts';
export type { ProtectedHandler, ProtectOptions } from './server/protect.ts';
export { protect, requireScope } from './server/protect.ts';
export type { PrunedKeys, PruneKeysOptions } from './server/prune-keys.ts';
export { pruneKeys } from './server/prune-keys.ts';
export type { MemoryReplayOptions } from './server/replay.ts';
export { memoryReplay } from './server/replay.ts';
export type { Reply } from './server/reply.ts';
export type { ReportedHandler, ReportOnlyOptions } from './server/report-only.ts';
export { reportOnly } from './server/report-only.ts';
export type { Resealed, ResealOptions, SecretName } from './server/reseal.ts';
export { resealKeys } from './server/reseal.ts';
export type { Sealer, SealingKey, SealingOptions } from './server/sealing.ts';
export { aesSealer } from './server/sealing.ts';
export type { ReceivedBody, UnreadBody } from './server/verify/body.ts';
export { requireSigned } from './server/verify/body.ts';
export type { PublicAddress, ReceivedRequest } from './server/verify/message.ts';
export type { ForwardingHeader, TrustedProxies } from './server/verify/proxies.ts';
export type { Entered, Refused, Verified } from './server/verify/result.ts';
export type { Verifier } from './server/verify/verifier.ts';
export { createVerifier } from './server/verify/verifier.ts';
export type { LimitOptions, VerifierOptions, VerifyContext } from './server/verify/verifier-options.ts';
