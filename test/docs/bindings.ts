import { accessKey, secret } from './prelude.ts';

/** The bindings of a Worker: what `cloudflare:workers` exports in that runtime alone. */
export const env = { COUNTERSIGN_ACCESS_KEY: accessKey, COUNTERSIGN_SECRET: secret, SLACK_SIGNING_SECRET: secret };
