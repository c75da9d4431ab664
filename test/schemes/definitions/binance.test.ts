import { binanceSpot, defineScheme } from 'countersign/schemes';
import { afterAll, describe, expect, it } from 'vitest';
import { hold } from './hold.ts';
import { published } from './published.ts';
import { python, pythonOracle } from './python.ts';
import { signWith } from './sign.ts';

describe.runIf(python)('binanceSpot', () => {
  const oracle = pythonOracle('binance');
  afterAll(oracle.close);

  hold({ definition: binanceSpot, oracle });
});

// "Request security" in the documentation of the spot API; the second is the first with a symbol in Unicode.
const order = (symbol: string) =>
  published({
    method: 'POST',
    authority: 'api.binance.com',
    target: `/api/v3/order?symbol=${encodeURIComponent(symbol)}&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000`,
    accessKey: 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A',
    secret: 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j',
    time: 1499827319559,
  });

describe('binanceSpot and the examples of its documentation', () => {
  it.each([
    { symbol: 'LTCBTC', signature: 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71' },
    { symbol: '１２３４５６', signature: 'e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3' },
  ])('makes the signature over $symbol', ({ symbol, signature }) => {
    const sent = signWith(defineScheme(binanceSpot), order(symbol));
    expect(sent.target).toBe(`${order(symbol).target}&timestamp=1499827319559&signature=${signature}`);
    expect(sent.headers).toEqual({ 'x-mbx-apikey': order(symbol).accessKey });
  });
});
