import type { PlatformKey } from '../../core/credentials.ts';
import { base64url, decodeBase64, decodeUtf8, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** Encrypts secrets at rest, so that a copy of the database does not reveal them. */
export type Sealer = {
  /** @returns the sealed secret and the name of its key, in printable ASCII. */
  seal(secret: string | Uint8Array, accessKey: string): Promise<string>;
  /**
   * @throws SignatureError `key_store_unavailable` unless the secret was sealed with one of this sealer's keys, for this access key.
   */
  open(sealed: string, accessKey: string): Promise<string | Uint8Array>;
  /** True if a secret is sealed with another key than the current one and should be resealed. */
  isStale(sealed: string): boolean;
};

/** The keys that encrypt secrets at rest. */
export type SealingOptions = {
  /** The name of the key that seals new secrets: 1 to 64 of A-Z a-z 0-9 _ - */
  readonly current: string;
  /**
   * The keys by name: each 32 bytes, or a CryptoKey for AES-GCM. Or a function that fetches a key, for example from a key
   * management service; its results are cached. Before you remove a key, reseal its secrets with `resealKeys`: otherwise they
   * cannot be opened.
   */
  readonly keys: Readonly<Record<string, SealingKey>> | ((name: string) => SealingKey | Promise<SealingKey>);
};

/** 32 bytes, or a 256-bit CryptoKey for AES-GCM. */
export type SealingKey = Uint8Array | PlatformKey;

const names: OptionNames<SealingOptions> = { current: true, keys: true };
const namePattern = /^[\w-]{1,64}$/;
const sealedPattern = /^sealed1\.([\w-]{1,64})\.([\w-]{16})\.([\w-]{22,8192})$/;

/**
 * Creates a sealer that uses AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. The access key and the name of the
 * sealing key are the associated data, so that a sealed secret cannot be moved to another row.
 *
 * @throws SignatureError `invalid_configuration` for an invalid name or key.
 * @example
 * import { aesSealer } from 'countersign/server';
 *
 * const key = crypto.getRandomValues(new Uint8Array(32)); // in production: from a secret manager
 * const sealer = aesSealer({ current: '2026', keys: { '2026': key } });
 * const sealed = await sealer.seal('s3cret', 'ck_1');
 * console.log(await sealer.open(sealed, 'ck_1')); // → s3cret
 */
export function aesSealer(options: SealingOptions): Sealer {
  requireKnownOptions(options, names, 'aesSealer()');
  const { current, keys } = options;
  if (!namePattern.test(current))
    fail('invalid_configuration', 'The name of a sealing key is 1 to 64 of A-Z a-z 0-9 _ -');
  if (typeof keys !== 'function' && !Object.hasOwn(keys, current)) {
    fail('invalid_configuration', `There is no sealing key named ${current}.`);
  }
  const known = new Map<string, Promise<PlatformKey>>();
  const keyNamed = (name: string): Promise<PlatformKey> => {
    const found = known.get(name) ?? importKey(keys, name);
    known.set(name, found);
    // A failure is not cached: the key service may have been unreachable.
    found.catch(() => known.delete(name));
    return found;
  };
  return {
    async seal(secret, accessKey) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const plain = typeof secret === 'string' ? tagged(textTag, utf8(secret)) : tagged(bytesTag, secret);
      const data = associated(current, accessKey);
      const key = await keyNamed(current);
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: data }, key, plain);
      return `sealed1.${current}.${base64url(iv)}.${base64url(new Uint8Array(sealed))}`;
    },
    async open(sealed, accessKey) {
      const [, name = '', iv = '', content = ''] = sealedPattern.exec(sealed) ?? [];
      try {
        const parameters = { name: 'AES-GCM', iv: decodeBase64(iv), additionalData: associated(name, accessKey) };
        const plain = new Uint8Array(
          await crypto.subtle.decrypt(parameters, await keyNamed(name), decodeBase64(content)),
        );
        return plain[0] === textTag ? decodeUtf8(plain.subarray(1)) : plain.slice(1);
      } catch (cause) {
        return fail('key_store_unavailable', `The secret of ${accessKey} cannot be opened with ${name}.`, 503, cause);
      }
    },
    isStale: (sealed) => sealedPattern.exec(sealed)?.[1] !== current,
  };
}

async function importKey(keys: SealingOptions['keys'], name: string): Promise<PlatformKey> {
  const key = typeof keys === 'function' ? await keys(name) : Object.hasOwn(keys, name) ? keys[name] : undefined;
  if (!key) return fail('invalid_configuration', `There is no sealing key named ${name}.`);
  if (!ArrayBuffer.isView(key)) return key;
  if (key.length !== 32) fail('invalid_configuration', `The sealing key ${name} has ${key.length} bytes, not 32.`);
  return crypto.subtle.importKey('raw', key as BufferSource, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

const textTag = 0;
const bytesTag = 1;

function tagged(tag: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(content.length + 1);
  bytes[0] = tag;
  bytes.set(content, 1);
  return bytes;
}

const associated = (name: string, accessKey: string): Uint8Array<ArrayBuffer> =>
  utf8(`countersign-sealed1\n${name}\n${accessKey}`);
