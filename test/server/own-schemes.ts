import { defineScheme, type SchemeDefinition } from 'countersign/schemes';
import type { SchemeOfTest } from './costly.ts';

const stringToSign =
  '{method}\n{authority}\n{target}\n{timestamp}\n{nonce}\n{accessKey}\n{header.content-type|default:}\n{body|sha256|hex}';

/** Lets a signer choose headers, whose names are listed with this separator. */
const choosing = (name: string, separator: string, names = '[{signedHeaders}]'): SchemeDefinition => ({
  name,
  signedHeaders: { separator, line: '{name}:{value}\n' },
  stringToSign: `${stringToSign}\n[{signedHeaderLines}]`,
  headers: { Authorization: 'Own {accessKey} {timestamp} {nonce} {body|sha256|hex} {signature}', 'X-Signed': names },
});

const definitions: readonly SchemeDefinition[] = [
  ...[' ', ',', ';', ':', ', ', ';;', '    '].map((separator, i) => choosing(`choosing-${i}`, separator)),
  choosing('choosing-escaped', ';', '[{signedHeaders|rfc3986}]'),
  {
    name: 'own-times',
    timestamp: { pattern: '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}.{fraction}' },
    stringToSign,
    headers: { Authorization: 'Own {accessKey}; {timestamp}; {nonce}; {signature|list:,s=}[; {ignored}]' },
  },
];

const secret = btoa('0123456789abcdef0123456789abcdef');

/** Schemes as strangers define them. */
export const ownSchemes: readonly SchemeOfTest[] = definitions.map((definition) => {
  const scheme = defineScheme(definition);
  return {
    name: scheme.name,
    scheme,
    secret,
    acceptFindings: (scheme.findings ?? []).map(({ code }) => code),
    signedHeaders: definition.signedHeaders ? ['content-type'] : [],
  };
});
