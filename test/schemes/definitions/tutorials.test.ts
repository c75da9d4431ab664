import {
  accessKeyTimestamp,
  accessKeyTimestampUrl,
  defineScheme,
  keyAndChallenge,
  methodPlusPath,
} from 'countersign/schemes';
import { afterAll, describe, expect, it } from 'vitest';
import { hold } from './hold.ts';
import { published } from './published.ts';
import { type PythonOracle, python, pythonOracle } from './python.ts';
import { stringSigned } from './sign.ts';

const oracles: PythonOracle[] = [];
afterAll(() => {
  for (const oracle of oracles) oracle.close();
});
function threeHeaders(format: string): PythonOracle {
  const oracle = pythonOracle('tutorials', { format }, { sign: format, accepts: 'three_headers_accept' });
  oracles.push(oracle);
  return oracle;
}

describe.runIf(python)('accessKeyTimestamp', () => {
  hold({
    definition: accessKeyTimestamp,
    oracle: threeHeaders('access_key_timestamp'),
  });
});

describe.runIf(python)('accessKeyTimestampUrl', () => {
  hold({
    definition: accessKeyTimestampUrl,
    oracle: threeHeaders('access_key_timestamp_url'),
  });
});

describe.runIf(python)('keyAndChallenge', () => {
  hold({
    definition: keyAndChallenge,
    oracle: threeHeaders('key_and_challenge'),
  });
});

describe.runIf(python)('methodPlusPath', () => {
  const oracle = pythonOracle('tutorials', {}, { sign: 'method_plus_path', accepts: 'method_plus_path_accepts' });
  oracles.push(oracle);
  hold({
    definition: methodPlusPath,
    oracle,
  });
});

describe('methodPlusPath', () => {
  it('signs what the tutorials print', async () => {
    const { text, headers } = await stringSigned(
      defineScheme(methodPlusPath),
      published({
        target: '/users/username/account',
        accessKey: 'username',
        secret: 'secret',
        time: Date.UTC(2017, 6, 28, 12, 59, 24),
        nonce: '123456',
      }),
    );
    expect(text).toBe('GET+/users/username/account+28jul201712:59:24+123456');
    expect(headers).toMatchObject({
      Date: '28jul201712:59:24',
      Authentication: expect.stringMatching(/^hmac username:123456:/),
    });
  });
});
