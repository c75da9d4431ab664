import type { SchemeDefinition } from '../define/definition.ts';

/** Settings of requests to Azure Storage. */
export type AzureStorageOptions = {
  /**
   * The headers that begin with `x-ms-`, beside `x-ms-date`. A request need not have them, and may have no others: Azure signs all.
   * @default `['x-ms-client-request-id', 'x-ms-version']`
   */
  readonly signedHeaders?: readonly string[];
};

const field = (name: string): string => `{header.${name}|default:}`;

/** Lines 2 to 12 of the string to sign. The date is empty, because the time is in `x-ms-date`. */
const standardLines: readonly string[] = [
  ...['content-encoding', 'content-language'].map(field),
  '[{body|length}]',
  ...['content-md5', 'content-type'].map(field),
  '',
  ...['if-modified-since', 'if-match', 'if-none-match', 'if-unmodified-since', 'range'].map(field),
];

/**
 * Azure Storage, Shared Key for blobs, queues and files: learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key. The
 * access key is the name of the account, the secret its key. The body is signed only with `Content-MD5`, which you set. Names of
 * parameters must be in lower case, as Azure's are.
 *
 * @example
 * import { azureStorage, defineScheme } from 'countersign/schemes';
 *
 * const scheme = defineScheme(azureStorage({ signedHeaders: ['x-ms-blob-type', 'x-ms-version'] }));
 * console.log(scheme.name); // → azure-storage
 */
export function azureStorage({
  signedHeaders = ['x-ms-client-request-id', 'x-ms-version'],
}: AzureStorageOptions = {}): SchemeDefinition {
  const names = [...new Set([...signedHeaders, 'x-ms-date'])].sort(compareNames);
  const own = names.map((name) => (name === 'x-ms-date' ? 'x-ms-date:{timestamp}\n' : `[${name}:{header.${name}}\n]`));
  return {
    name: 'azure-storage',
    secret: 'base64',
    signature: 'base64',
    timestamp: 'imf-fixdate',
    stringToSign: [
      ['{method}', ...standardLines, ''].join('\n'),
      ...own,
      '/{accessKey}{path}[{query|decode|sort|merge:,|lines}]',
    ].join(''),
    headers: { 'x-ms-date': '{timestamp}', Authorization: 'SharedKey {accessKey}:{signature}' },
  };
}

/** Azure's servers sort as en-US does: no hyphen counts unless all else is equal, and `_` comes before digits. */
function compareNames(one: string, other: string): number {
  const [left, right] = [weigh(one), weigh(other)];
  if (left === right) return one > other ? -1 : 1;
  return left < right ? -1 : 1;
}

const weigh = (name: string): string => name.replaceAll('-', '').replaceAll('_', ' ');
