import {
  alibabaCloud,
  azureStorage,
  bybitApi,
  coinbaseExchange,
  defineScheme,
  huaweiCloud,
  okxApi,
  type SchemeDefinition,
  shopeeApi,
  tencentCloud,
  volcengine,
} from 'countersign/schemes';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { type Attempt, sendable } from './attempt.ts';
import { hold } from './hold.ts';
import { published, textBytes } from './published.ts';
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
  {
    api: 'azure-storage',
    definition: azureStorage({ signedHeaders: ['x-ms-meta-b', 'x-ms-blob-type', 'x-ms-version'] }),
    suits: ({ target }) => isCanonical(target) && !/(?:[?&][^=]*)(?::|%3a)[^=]*=/i.test(target),
  },
  {
    api: 'alibaba',
    definition: alibabaCloud({ action: 'RunInstances', version: '2014-05-26' }),
    suits: ({ target }) => isCanonical(target),
  },
  { api: 'tencent', definition: tencentCloud({ service: 'cvm' }) },
  {
    api: 'volcengine',
    definition: volcengine({ region: 'cn-north-1', service: 'iam' }),
    suits: ({ target }) => isCanonical(target),
  },
  {
    api: 'huawei',
    definition: huaweiCloud,
    suits: ({ target }) => isCanonical(target) && !/^[^?]*\/(?:\?|$)/.test(target),
  },
];

// Python decodes what is no escape, which ours refuses; and all parameters of these APIs have a value.
const isCanonical = (target: string): boolean => {
  const [, query = ''] = /^[^?]*\??(.*)$/.exec(target) ?? [];
  const everyPair = query.split('&').every((pair) => pair === '' || /^[^=]+=[^=]*$/.test(pair));
  return !/&&|^&|&$/.test(query) && everyPair && isUtf8(target);
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

it('alibabaCloud makes the signature of the documentation of Alibaba', () => {
  const call = published({
    method: 'POST',
    authority: 'ecs.cn-shanghai.aliyuncs.com',
    target: '/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai',
    accessKey: 'YourAccessKeyId',
    secret: 'YourAccessKeySecret',
    time: Date.UTC(2023, 9, 26, 10, 22, 32),
    nonce: '3156853299f313e23d1673dc12e1703d',
  });
  const scheme = defineScheme(alibabaCloud({ action: 'RunInstances', version: '2014-05-26' }));
  expect(signWith(scheme, call).headers.authorization).toBe(
    'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
  );
});

it('tencentCloud makes the signature of the documentation of Tencent', () => {
  const call = published({
    method: 'POST',
    authority: 'cvm.tencentcloudapi.com',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: textBytes(String.raw`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`),
    accessKey: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE',
    secret: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
    time: 1_551_113_065_000,
  });
  expect(signWith(defineScheme(tencentCloud({ service: 'cvm' })), call).headers.authorization).toBe(
    'TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168',
  );
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
