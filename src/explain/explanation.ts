import type { SignatureErrorCode } from '../core/errors.ts';
import type { PresentedBody, Scheme } from '../core/scheme.ts';
import type { KeyRecord, KeyStore } from '../server/contracts.ts';
import type { OptionNames } from '../server/known-options.ts';
import type { PublicAddress } from '../server/verify/message.ts';
import type { Difference } from './difference.ts';
import type { LeftOut } from './effort.ts';
import type { Freshness } from './freshness.ts';
import type { ShownField } from './masked-fields.ts';

/** Options of `explainSignature`: those of the verifier, and values that the caller may have used instead. */
export type ExplainOptions = PublicAddress & {
  /** The key store, as for a verifier. */
  readonly keys: KeyStore;
  /** The scheme that the request should be signed with. @default countersignV1 */
  readonly scheme?: Scheme;
  /** The tolerated difference between timestamp and clock, in either direction, in seconds. @default 300 */
  readonly tolerance?: number;
  /** The time of verification, in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** The access key of the caller, for schemes that carry none. @default the scheme's name */
  readonly accessKey?: string;
  /** The IP address of the caller, for keys that are bound to addresses. @default unknown */
  readonly address?: string;
  /** Keys with secrets that the caller may have used by mistake. @default [] */
  readonly otherKeys?: readonly KeyRecord[];
  /** Schemes that the caller may have used by mistake. @default [] */
  readonly otherSchemes?: readonly Scheme[];
  /** Origins that callers may use, for example `https://api.example.com`, beside those in the request itself. @default [] */
  readonly origins?: readonly string[];
  /** Prefixes that a proxy may have removed from the path, for example `/v1`, beside the usual ones. @default [] */
  readonly paths?: readonly string[];
  /** The maximum size of the body, in bytes. @default 10485760 (10 MiB) */
  readonly maxBodyBytes?: number;
  /** True if the body is not available: everything else is explained, and the body is not read. @default false */
  readonly withoutBody?: boolean;
};

export const explainNames: OptionNames<ExplainOptions> = {
  keys: true,
  scheme: true,
  tolerance: true,
  clock: true,
  accessKey: true,
  address: true,
  otherKeys: true,
  otherSchemes: true,
  origins: true,
  paths: true,
  maxBodyBytes: true,
  withoutBody: true,
  publicOrigin: true,
  publicPath: true,
  trustedProxies: true,
};

/** A secret of the key that the request names. */
export type ExplainedSecret = {
  readonly id?: string;
  readonly state: 'next' | 'active' | 'retiring' | 'revoked';
  /** Whether it made the signature, over the request as received. */
  readonly fits: boolean;
};

/** The explanation of a signature: the signed values step by step, and the differences. Contains no secret and no signature. */
export type SignatureExplanation = {
  /** Whether a verifier would accept the request the first time. */
  readonly verified: boolean;
  /** Why a verifier would refuse it; undefined if it would accept it. */
  readonly code?: SignatureErrorCode;
  readonly reason?: string;
  readonly scheme: string;
  /** The headers in which the scheme carries a signature, as received, with secrets masked. */
  readonly fields: readonly ShownField[];
  /** The request at its public address, as the server sees it. */
  readonly message: {
    readonly method: string;
    readonly protocol: 'http' | 'https';
    readonly authority: string;
    readonly target: string;
  };
  /** Undefined if the fields cannot be read. */
  readonly key?: {
    readonly accessKey: string;
    readonly found: boolean;
    readonly secrets: readonly ExplainedSecret[];
  };
  /** The expected string to sign; undefined if the fields cannot be read, or if it is not text. */
  readonly stringToSign?: string;
  /** The string that was actually signed, if it differs and was found. */
  readonly signedString?: string;
  readonly time?: Freshness;
  readonly body: {
    readonly bytes: number;
    /** The SHA-256 of the received body, in hex. */
    readonly sha256: string;
    /** How the signature covers the body; undefined if the fields cannot be read. */
    readonly signed?: PresentedBody['kind'];
    /** The signed SHA-256, in hex; undefined if none is signed. */
    readonly expected?: string;
    /** Whether the body is the signed one; undefined if it is unsigned, or part of the string to sign. */
    readonly fits?: boolean;
    /** True if the body is not available; then `bytes` and `sha256` are those of no body. */
    readonly unknown?: true;
  };
  /**
   * The smallest set of differences with which the signature fits, the difference of the body, and the probable difference of the
   * time. Empty if none was found.
   */
  readonly differences: readonly Difference[];
  /** Skipped steps, which may contain a cause that was not found. Empty if the signature was explained. */
  readonly leftOut: readonly LeftOut[];
};
