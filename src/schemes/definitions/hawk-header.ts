import type { SchemeDefinition } from '../define/definition.ts';

/**
 * Hawk 1.1, the `Authorization` header alone: github.com/mozilla/hawk, "Protocol". Its `id` is not signed, and neither `ext`
 * nor `app` and `dlg` are there: what an application puts into `ext` is a text to add to string to sign and header.
 */
export const hawkHeader: SchemeDefinition = {
  name: 'hawk',
  signature: 'base64',
  nonce: { form: 'base64url', min: 6, max: 128 },
  values: {
    payload: 'hawk.1.payload\n{header.content-type|default:|before:;|trim|lower}\n{body}\n',
    hash: '{value.payload|sha256|base64}',
  },
  stringToSign: 'hawk.1.header\n{timestamp}\n{nonce}\n{method}\n{target}\n{host}\n{port}\n[{value.hash}]\n\n',
  headers: {
    Authorization: 'Hawk id="{accessKey}", ts="{timestamp}", nonce="{nonce}"[, hash="{value.hash}"], mac="{signature}"',
  },
};
