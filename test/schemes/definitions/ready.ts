import type { Ready } from './entry.ts';
import { readyApis } from './ready-apis.ts';
import { readyWebhooks } from './ready-webhooks.ts';

export type { Ready } from './entry.ts';

/** The definitions that are ready for use. */
export const ready: readonly Ready[] = [...readyApis, ...readyWebhooks];
