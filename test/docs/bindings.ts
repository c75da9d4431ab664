import { accessKey, secret } from './prelude.ts';

/** The bindings of a Worker: what `cloudflare:workers` exports in that runtime alone. */
export const env = { PARTNER_KEY: accessKey, PARTNER_SECRET: secret, SLACK_SIGNING_SECRET: secret };
