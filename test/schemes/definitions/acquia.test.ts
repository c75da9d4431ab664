import { acquiaHmac, defineScheme } from 'countersign/schemes';
import { afterAll, describe, expect, it } from 'vitest';
import { hold } from './hold.ts';
import { published, textBytes } from './published.ts';
import { python, pythonOracle } from './python.ts';
import { signWith } from './sign.ts';

describe.runIf(python)('acquiaHmac', () => {
  const oracle = pythonOracle('acquia', { realm: 'Pipet service', signedHeaders: [] });
  afterAll(oracle.close);

  hold({ definition: acquiaHmac({ realm: 'Pipet service' }), oracle });
});

describe.runIf(python)('acquiaHmac with signed headers', () => {
  const oracle = pythonOracle('acquia', { realm: 'CIStore', signedHeaders: ['x-tenant'] });
  afterAll(oracle.close);

  hold({ definition: acquiaHmac({ realm: 'CIStore', signedHeaders: ['x-tenant'] }), oracle });
});

// fixtures.json of acquia/http-hmac-spec; the order of parameters is free, so what is compared is the signature.
const pipet = {
  realm: 'Pipet service',
  authority: 'example.acquiapipet.net',
  accessKey: 'efdde334-fe7b-11e4-a322-1697f925ec7b',
  secret: 'W5PeGMxSItNerkNFqQMfYiJvH14WzVJMy54CPoTAYoI=',
  time: 1432075982000,
  nonce: 'd1954337-5319-4821-8427-115542e08d10',
  signedHeaders: [],
  headers: {},
};
const store = {
  realm: 'CIStore',
  authority: 'example.pipeline.io',
  accessKey: 'e7fe97fa-a0c8-4a42-ab8e-2c26d52df059',
  secret: 'bXlzZWNyZXRzZWNyZXR0aGluZ3Rva2VlcA==',
  time: 1432075982000,
  nonce: 'a9938d07-d9f0-480c-b007-f1e956bcd027',
  signedHeaders: ['x-custom-signer1', 'x-custom-signer2'],
  headers: { 'x-custom-signer1': 'custom-1', 'x-custom-signer2': 'custom-2' },
};
const fixtures = [
  {
    name: 'GET 1',
    ...pipet,
    target: '/v1.0/task-status/133?limit=10',
    signature: 'MRlPr/Z1WQY2sMthcaEqETRMw4gPYXlPcTpaLWS2gcc=',
  },
  {
    name: 'GET 2',
    ...pipet,
    accessKey: '615d6517-1cea-4aa3-b48e-96d83c16c4dd',
    secret: 'TXkgU2VjcmV0IEtleSBUaGF0IGlzIFZlcnkgU2VjdXJl',
    nonce: '24c0c836-4f6c-4ed6-a6b0-e091d75ea19d',
    target: '/v1.0/task-status/145?limit=1',
    signature: '1Ku5UroiW1knVP6GH4l7Z4IuQSRxZO2gp/e5yhapv1s=',
  },
  {
    name: 'GET 3',
    ...store,
    target: '/api/v1/ci/pipelines',
    signature: 'yoHiYvx79ssSDIu3+OldpbFs8RsjrMXgRoM89d5t+zA=',
  },
  {
    name: 'POST 1',
    ...pipet,
    method: 'POST',
    target: '/v1.0/task',
    headers: { 'content-type': 'application/json' },
    body: textBytes('{"method":"hi.bob","params":["5","4","8"]}'),
    signature: 'XDBaXgWFCY3aAgQvXyGXMbw9Vds2WPKJe2yP+1eXQgM=',
  },
  {
    name: 'POST 2',
    ...store,
    method: 'POST',
    time: 1449578521000,
    target: '/api/v1/ci/pipelines/39b5d58d-0a8f-437d-8dd6-4da50dcc87b7/start',
    headers: { ...store.headers, 'content-type': 'application/json' },
    body: textBytes(
      '{"cloud_endpoint":"https://cloudapi.acquia.com/v1","cloud_user":"example@acquia.com","cloud_pass":"password","branch":"validate"}',
    ),
    signature: '0duvqeMauat7pTULg3EgcSmBjrorrcRkGKxRDtZEa1c=',
  },
];

describe('acquiaHmac and the fixtures of its specification', () => {
  it.each(fixtures)('makes the signature of $name', ({ name: _, realm, signedHeaders, signature, ...example }) => {
    const scheme = defineScheme(acquiaHmac({ realm, signedHeaders }));
    const sent = signWith(scheme, published(example));
    expect(sent.headers.authorization).toContain(`signature="${signature}"`);
    expect(sent.headers.authorization).toContain(`realm="${encodeURIComponent(realm)}"`);
  });
});
