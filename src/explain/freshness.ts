import { SignatureError } from '../core/errors.ts';
import type { PresentedSignature } from '../core/scheme.ts';
import { requireFresh } from '../server/verify/checks.ts';
import type { Difference } from './difference.ts';

/** When a request was signed, and whether that is fresh. */
export type Freshness = {
  /** In milliseconds since the epoch, like the other times; undefined if the scheme carries no time. */
  readonly signedAt?: number;
  readonly expiresAt?: number;
  readonly judgedAt: number;
  /** In seconds. */
  readonly tolerance: number;
  readonly fresh: boolean;
};

type Judged = { readonly now: number; readonly tolerance: number };

/** @param judged the time of verification, in milliseconds since the epoch, and the tolerance, in seconds. */
export function judgeFreshness(presented: PresentedSignature, { now, tolerance }: Judged): Freshness {
  const { time = presented.notBefore, expiresAt } = presented;
  return {
    ...(time !== undefined && { signedAt: time }),
    ...(expiresAt !== undefined && { expiresAt }),
    judgedAt: now,
    tolerance,
    fresh: isFresh(presented, { now, tolerance }),
  };
}

function isFresh(presented: PresentedSignature, { now, tolerance }: Judged): boolean {
  try {
    requireFresh(presented, { now, tolerance: tolerance * 1000, timeless: true });
    return true;
  } catch (error) {
    if (error instanceof SignatureError) return false;
    throw error;
  }
}

/**
 * Returns probable causes of a stale or future timestamp, or that the signature ends too early or too late. What the time of signing
 * suggests is not proven, because only the caller knows that time.
 */
export function timeDifference({ signedAt, expiresAt, judgedAt, tolerance, fresh }: Freshness): readonly Difference[] {
  if (fresh) return [];
  if (signedAt === undefined) return expiresAt === undefined ? [] : [describeEnd(expiresAt, judgedAt)];
  const isNear = (time: number): boolean => Math.abs(judgedAt - time) <= tolerance * 1000;
  if (isNear(signedAt * 1000) || isNear(signedAt / 1000)) {
    return [
      {
        code: 'timestamp-unit',
        message: 'The timestamp is correct in the other unit: seconds and milliseconds are mixed up.',
        remedy: "In the caller's code, write the timestamp in the unit of the scheme.",
        proven: false,
      },
    ];
  }
  const off = judgedAt - signedAt;
  const zone = Math.round(off / quarter) * quarter;
  const distance = `${formatDuration(Math.abs(off))} ${off > 0 ? 'before' : 'after'} the time of verification`;
  if (zone !== 0 && Math.abs(zone) <= 14 * hour && Math.abs(off - zone) <= 60_000) {
    return [
      {
        code: 'time-zone',
        message: `The request was signed ${distance}: almost a multiple of 15 minutes, as if local time was used as UTC.`,
        remedy: "In the caller's code, use Unix time, which has no time zone, or format the date in UTC.",
        proven: false,
      },
    ];
  }
  if (expiresAt !== undefined && judgedAt >= expiresAt && isNear(signedAt)) return [describeEnd(expiresAt, judgedAt)];
  return [
    {
      code: 'clock',
      message: `The request was signed ${distance}.`,
      remedy:
        off > 0
          ? "If the request was just sent, correct the caller's clock. If it was recorded, set the clock of the explanation to the time of receipt."
          : "Correct the caller's clock, or that of this machine.",
      proven: false,
    },
  ];
}

const describeEnd = (expiresAt: number, judgedAt: number): Difference =>
  judgedAt >= expiresAt
    ? {
        code: 'ended',
        message: `The signature ended ${formatDuration(judgedAt - expiresAt)} before the time of verification.`,
        remedy: 'Sign anew, for longer if it ended too early. If it was just signed, compare the clocks of both sides.',
        proven: true,
      }
    : {
        code: 'lifetime',
        message: `The signature ends ${formatDuration(expiresAt - judgedAt)} after the time of verification, later than is allowed.`,
        remedy: "In the caller's code, sign for a shorter time; or raise maxLifetime on the server.",
        proven: true,
      };

const quarter = 900_000;
const hour = 3_600_000;

function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} seconds`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`;
}
