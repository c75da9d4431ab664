import { SignatureError } from '../core/errors.ts';
import type { PresentedSignature } from '../core/scheme.ts';
import { requireFresh } from '../server/verify/checks.ts';
import type { Difference } from './difference.ts';

/** When a request was signed, and whether that is fresh. */
export type Freshness = {
  /** In milliseconds since the epoch, as the others; undefined where the scheme carries no time. */
  readonly signedAt?: number;
  readonly expiresAt?: number;
  readonly judgedAt: number;
  /** In seconds. */
  readonly tolerance: number;
  readonly fresh: boolean;
};

type Judged = { readonly now: number; readonly tolerance: number };

/** @param judged when, in milliseconds since the epoch, and with what tolerance, in seconds. */
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

/** Why a time may be wrong: none of this is proven, because only the caller knows when it was. */
export function timeDifference({ signedAt, expiresAt, judgedAt, tolerance, fresh }: Freshness): readonly Difference[] {
  if (fresh || signedAt === undefined) return [];
  const near = (time: number): boolean => Math.abs(judgedAt - time) <= tolerance * 1000;
  if (near(signedAt * 1000) || near(signedAt / 1000)) {
    return [
      {
        code: 'timestamp-unit',
        message: 'The timestamp is right if it is read in the other unit: seconds and milliseconds are mixed up.',
        remedy: "In the caller's code, write the timestamp in the unit that the scheme has.",
        proven: false,
      },
    ];
  }
  const off = judgedAt - signedAt;
  const zone = Math.round(off / quarter) * quarter;
  const apart = `${spoken(Math.abs(off))} ${off > 0 ? 'before' : 'after'} it is judged`;
  if (zone !== 0 && Math.abs(zone) <= 14 * hour && Math.abs(off - zone) <= 60_000) {
    return [
      {
        code: 'time-zone',
        message: `The request is signed ${apart}: nearly whole quarters of an hour, as where local time is taken for UTC.`,
        remedy: "In the caller's code, take Unix time, which has no zone, or format the date in UTC.",
        proven: false,
      },
    ];
  }
  if (expiresAt !== undefined && judgedAt >= expiresAt && near(signedAt)) return [];
  return [
    {
      code: 'clock',
      message: `The request is signed ${apart}.`,
      remedy:
        off > 0
          ? "If it has just been sent, set the caller's clock. If it was recorded, judge it at the time at which it was received."
          : "Set the caller's clock, or this machine's.",
      proven: false,
    },
  ];
}

const quarter = 900_000;
const hour = 3_600_000;

function spoken(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} seconds`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`;
}
