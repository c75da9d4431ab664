import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type Oracle, sendable, textBody } from './attempt.ts';
import { edgeGridOracle } from './edgegrid-oracle.ts';
import { hawkOracle } from './hawk-oracle.ts';
import { textBytes } from './published.ts';
import { type PythonOracle, python, pythonOracle } from './python.ts';
import { githubOracle, stripeOracle } from './webhook-oracles.ts';

// Some take texts only, and none that are empty.
const attempts = fc
  .tuple(sendable, textBody)
  .map(([attempt, body]) => ({ ...attempt, method: 'POST', body: body.length ? body : textBytes('{}') }));

async function tellsSecretsApart(oracle: Oracle): Promise<void> {
  await fc.assert(
    fc.asyncProperty(attempts, async (attempt) => {
      const { accessKey, secret } = attempt;
      const sent = await oracle.sign(attempt);
      expect(await oracle.accepts({ ...sent, accessKey, secret })).toBe(true);
      expect(await oracle.accepts({ ...sent, accessKey, secret: `AAAA${secret.slice(4)}` })).toBe(
        secret.startsWith('AAAA'),
      );
    }),
    { numRuns: 25 },
  );
}

// What agrees with everything would prove nothing.
describe('an implementation that ours is held against', () => {
  it.each([
    { name: 'hawk', oracle: hawkOracle },
    { name: 'akamai-edgegrid', oracle: edgeGridOracle('akab-client-token') },
    { name: 'stripe', oracle: stripeOracle },
    { name: '@octokit/webhooks-methods', oracle: githubOracle },
  ])('accepts what it signed, with the right secret only: $name', ({ oracle }) => tellsSecretsApart(oracle));
});

describe.runIf(python)('an implementation in Python that ours is held against', () => {
  const started: PythonOracle[] = [];
  afterAll(() => {
    for (const oracle of started) oracle.close();
  });
  const three = (format: string) => ({
    settings: { format },
    functions: { sign: format, accepts: 'three_headers_accept' },
  });
  const plus = { settings: {}, functions: { sign: 'method_plus_path', accepts: 'method_plus_path_accepts' } };

  it.each([
    { name: 'kong', settings: { dateHeader: 'x-date', signedHeaders: ['x-date', '@request-target', 'digest'] } },
    { name: 'apisix', settings: { signedHeaders: ['date', '@request-target', 'digest'] } },
    { name: 'acquia', settings: { realm: 'Pipet service', signedHeaders: ['x-tenant'] } },
    { name: 'binance', settings: {} },
    { name: 'tutorials', ...three('access_key_timestamp') },
    { name: 'tutorials', ...three('access_key_timestamp_url') },
    { name: 'tutorials', ...three('key_and_challenge') },
    { name: 'tutorials', ...plus },
  ])('accepts what it signed, with the right secret only: $name $settings', async ({ name, settings, ...rest }) => {
    const oracle = pythonOracle(name, settings, 'functions' in rest ? rest.functions : {});
    started.push(oracle);
    await tellsSecretsApart(oracle);
  });
});
