import type { SchemeDefinition } from '../define/definition.ts';

/**
 * Hawk 1.1, the `Authorization` header only: github.com/mozilla/hawk, "Protocol". The `id` is not signed. `ext`, `app` and `dlg` are
 * not supported: an application that uses `ext` adds its text to the string to sign and to the header.
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
