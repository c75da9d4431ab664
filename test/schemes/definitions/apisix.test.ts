import { apisixHmacAuth } from 'countersign/schemes';
import { afterAll, describe } from 'vitest';
import { hold } from './hold.ts';
import { python, pythonOracle } from './python.ts';

describe.runIf(python)('apisixHmacAuth', () => {
  const signedHeaders = ['@request-target', 'date', 'host', 'digest'];
  const oracle = pythonOracle('apisix', { signedHeaders });
  afterAll(oracle.close);

  hold({ definition: apisixHmacAuth(), oracle });
});
