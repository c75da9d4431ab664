import type { PlatformKey } from '../../core/credentials.ts';
import { base64url, decodeBase64, decodeUtf8, utf8 } from '../../core/encoding.ts';
import { fail } from '../../core/errors.ts';
import { type OptionNames, requireKnownOptions } from '../known-options.ts';

/** Keeps secrets at rest so that whoever reads the database has none of them. */
export type Sealer = {
  /** @returns printable ASCII: the sealed secret, and which key opens it. */
  seal(secret: string | Uint8Array, accessKey: string): Promise<string>;
  /**
   * @throws SignatureError `key_store_unavailable` for what was not sealed by this sealer's keys, for this access key.
   */
  open(sealed: string, accessKey: string): Promise<string | Uint8Array>;
  /** Whether a secret is sealed with another key than the current one, and should be sealed anew. */
  isStale(sealed: string): boolean;
};

/** Which keys encrypt secrets at rest, and which of them encrypts new ones. */
export type SealingOptions = {
  /** The name of the key that seals new secrets: 1 to 64 of A-Z a-z 0-9 _ - */
  readonly current: string;
  /**
   * The keys by name: 32 bytes, or a CryptoKey for AES-GCM; or a function that gets one, as from a key management service. What
   * it returns is kept in memory. A secret cannot be opened once its key is gone from here: seal it anew first (`resealKeys`).
   */
  readonly keys: Readonly<Record<string, SealingKey>> | ((name: string) => SealingKey | Promise<SealingKey>);
};

/** 32 bytes, or a CryptoKey for AES-GCM with 256 bits. */
export type SealingKey = Uint8Array | PlatformKey;

const names: OptionNames<SealingOptions> = { current: true, keys: true };
const namePattern = /^[\w-]{1,64}$/;
const sealedPattern = /^sealed1\.([\w-]{1,64})\.([\w-]{16})\.([\w-]{22,8192})$/;

/**
 * Seals with AES-256-GCM (NIST SP 800-38D, 96 random bits of nonce), with the access key and the name of the sealing key as
 * associated data, so that a sealed secret cannot be moved to another row.
 *
 * @throws SignatureError `invalid_configuration` for a name or a key that cannot be one.
 */
export function aesSealer(options: SealingOptions): Sealer {
  requireKnownOptions(options, names, 'aesSealer()');
  const { current, keys } = options;
  if (!namePattern.test(current)) fail('invalid_configuration', 'A sealing key is named by 1 to 64 of A-Z a-z 0-9 _ -');
  if (typeof keys !== 'function' && !Object.hasOwn(keys, current)) {
    fail('invalid_configuration', `There is no sealing key named ${current}.`);
  }
  const known = new Map<string, Promise<PlatformKey>>();
  const keyNamed = (name: string): Promise<PlatformKey> => {
    const found = known.get(name) ?? importedKey(keys, name);
    known.set(name, found);
    // A service that was out of reach is asked again.
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

async function importedKey(keys: SealingOptions['keys'], name: string): Promise<PlatformKey> {
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
