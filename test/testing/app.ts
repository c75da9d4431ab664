// The client of an app, as it goes to production.
import { createSigner, prepareRequest } from 'countersign';
import { testCredentials } from 'countersign/testing';

const signer = createSigner(testCredentials);

export const orderHeaders = (): Record<string, string> =>
  prepareRequest(signer, { url: 'https://api.example.com/v1/orders' }).headers;
