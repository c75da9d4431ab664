import { createSigner, type PreparedRequest, prepareRequest } from 'countersign';

/** Signs one request with the whole signer, the same in every engine. */
export const prepareOne = (): PreparedRequest =>
  prepareRequest(
    createSigner({
      accessKey: 'shop',
      secret: 'a secret of sixteen bytes or more',
      clock: () => 1_800_000_000_000,
      nonce: () => 'bm9uY2Utb2YtdGVzdHM',
    }),
    {
      method: 'post',
      url: 'https://api.example.com/v1/orders?q=a%20b&x',
      headers: { 'Content-Type': 'application/json' },
      body: '{"sku":"Ä-1"}',
    },
  );
