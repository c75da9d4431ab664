import {
  bybitApi,
  coinbaseExchange,
  defineScheme,
  huaweiCloud,
  okxApi,
  type SchemeDefinition,
  shopeeApi,
} from 'countersign/schemes';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { type Attempt, sendable } from './attempt.ts';
import { hold } from './hold.ts';
import { python, pythonOracle } from './python.ts';
import { signWith } from './sign.ts';

const passphrase = 'a {passphrase}';

type Api = {
  readonly api: string;
  readonly definition: SchemeDefinition;
  /** What the API itself can be sent. @default everything */
  readonly suits?: (attempt: Attempt) => boolean;
};

const apis: readonly Api[] = [
  { api: 'coinbase', definition: coinbaseExchange({ passphrase }) },
  { api: 'okx', definition: okxApi({ passphrase }) },
  // A GET has no body, and a POST no query.
  { api: 'bybit', definition: bybitApi, suits: ({ method, target }) => method === 'GET' || !target.includes('?') },
  { api: 'huawei', definition: huaweiCloud, suits: ({ target }) => isHuawei(target) },
];

// Python decodes what is no escape, which ours refuses; and all parameters of Huawei have a value.
const isHuawei = (target: string): boolean => {
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/.exec(target) ?? [];
  const everyPair = query.split('&').every((pair) => pair === '' || /^[^=]+=[^=]*$/.test(pair));
  return !path.endsWith('/') && !/&&|^&|&$/.test(query) && everyPair && isUtf8(target);
};

function isUtf8(text: string): boolean {
  try {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the pattern must find
    return !/[\x00-\x1f\x7f]/.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}

describe.runIf(python).each(apis)('$api', ({ api, definition, suits = () => true }) => {
  const oracle = pythonOracle('apis', { api });
  afterAll(oracle.close);

  hold({ definition, oracle, attempts: sendable.filter(suits) });
});

describe.runIf(python)('shopee', () => {
  const accessToken = '6d657a5a4c4d4a6b4f6b4e6f4b6a4f6b';
  const oracle = pythonOracle(
    'apis',
    { sessionToken: accessToken },
    { sign: 'shopee_sign', accepts: 'shopee_accepts' },
  );
  afterAll(oracle.close);
  const scheme = defineScheme(shopeeApi({ shopId: '14701711', accessToken }));

  it('signs any request as the other does, which accepts it', async () => {
    await fc.assert(
      fc.asyncProperty(sendable, async (attempt) => {
        const sent = signWith(scheme, attempt);
        expect(sent).toEqual(await oracle.sign(attempt));
        const { accessKey, secret } = attempt;
        expect(await oracle.accepts({ ...sent, accessKey, secret })).toBe(true);
        expect(await oracle.accepts({ ...sent, target: `/x${sent.target}`, accessKey, secret })).toBe(false);
      }),
    );
  });
});
