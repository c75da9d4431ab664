import type { SchemeDefinition } from 'countersign/schemes';

export const carried = {
  'X-Key': '{accessKey}',
  'X-Time': '{timestamp}',
  'X-Nonce': '{nonce}',
  'X-Signature': '{signature}',
} as const;

/** Leaves nothing open. */
export const whole = {
  name: 'whole',
  stringToSign:
    '{accessKey}\n{timestamp}\n{nonce}\n{method}\n{authority}\n{header.content-type|default:}\n{path}\n{query}\n{body|sha256|hex}',
  headers: carried,
} as const satisfies SchemeDefinition;

/** All but one. */
export const without = (value: string): SchemeDefinition => ({
  ...whole,
  stringToSign: whole.stringToSign.replace(value, ''),
});

/** With another string to sign. */
export const signing = (stringToSign: string, more: Partial<SchemeDefinition> = {}): SchemeDefinition => ({
  ...whole,
  stringToSign,
  ...more,
});
