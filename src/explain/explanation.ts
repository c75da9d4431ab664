import type { SignatureErrorCode } from '../core/errors.ts';
import type { PresentedBody, Scheme } from '../core/scheme.ts';
import type { KeyRecord, KeyStore } from '../server/contracts.ts';
import type { PublicAddress } from '../server/verify/message.ts';
import type { Difference } from './difference.ts';
import type { LeftOut } from './effort.ts';
import type { Freshness } from './freshness.ts';
import type { ShownField } from './masked-fields.ts';

/** With what a request is explained: what its verifier has, and what else may have been meant. */
export type ExplainOptions = PublicAddress & {
  /** Where the key of the request is looked up, as for a verifier. */
  readonly keys: KeyStore;
  /** The scheme by which the request should be signed. @default countersignV1 */
  readonly scheme?: Scheme;
  /** How far a timestamp may be from the time, in either direction, in seconds. @default 300 */
  readonly tolerance?: number;
  /** The time at which the request is judged, in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Whose signature it is, for schemes that carry no access key. @default the scheme's name */
  readonly accessKey?: string;
  /** Where the request came from, for keys that are bound to addresses. @default unknown */
  readonly address?: string;
  /** Keys whose secrets may have been taken by mistake. @default [] */
  readonly otherKeys?: readonly KeyRecord[];
  /** Schemes by which the request may have been signed instead. @default [] */
  readonly otherSchemes?: readonly Scheme[];
  /** Where callers may believe the server is, as `https://api.example.com`, beside what the request itself tells. @default [] */
  readonly origins?: readonly string[];
  /** What may have been taken off the front of the path, as `/v1`, beside what is usual. @default [] */
  readonly paths?: readonly string[];
  /** The largest body that is read, in bytes. @default 10485760 (10 MiB) */
  readonly maxBodyBytes?: number;
};

/** A secret of the key that the request names. */
export type ExplainedSecret = {
  readonly id?: string;
  readonly state: 'next' | 'active' | 'retiring' | 'revoked';
  /** Whether it made the signature, over the request as it was received. */
  readonly fits: boolean;
};

/** What a signature was made over, stage by stage, and where it differs. Holds no secret, and no signature. */
export type SignatureExplanation = {
  /** Whether a verifier would take the request, if it has not seen it before. */
  readonly verified: boolean;
  /** Why it would not: undefined where it would. */
  readonly code?: SignatureErrorCode;
  readonly reason?: string;
  readonly scheme: string;
  /** The headers in which the scheme carries a signature, as they were received. */
  readonly fields: readonly ShownField[];
  /** The request as the server sees it, behind its public address. */
  readonly message: {
    readonly method: string;
    readonly protocol: 'http' | 'https';
    readonly authority: string;
    readonly target: string;
  };
  /** Undefined where the fields cannot be read. */
  readonly key?: {
    readonly accessKey: string;
    readonly found: boolean;
    readonly secrets: readonly ExplainedSecret[];
  };
  /** What the signature must be over; undefined where the fields cannot be read, and where it is no text. */
  readonly stringToSign?: string;
  /** What it is over, where that is another and was found. */
  readonly signedString?: string;
  readonly time?: Freshness;
  readonly body: {
    readonly bytes: number;
    /** Of the body that was received, in hex. */
    readonly sha256: string;
    /** How the signature covers it; undefined where the fields cannot be read. */
    readonly signed?: PresentedBody['kind'];
    /** The SHA-256 that is signed, in hex; undefined where none is. */
    readonly expected?: string;
    /** Undefined where the body is not signed, and where the string to sign was made from it. */
    readonly fits?: boolean;
  };
  /**
   * In what the signature differs from what it should be over: the fewest with which it fits, what is wrong with the body, and
   * what is likely wrong with the time. Empty where nothing was found.
   */
  readonly differences: readonly Difference[];
  /** What was not tried, so that a cause that was not found may lie there. Empty where the signature was explained. */
  readonly leftOut: readonly LeftOut[];
};
