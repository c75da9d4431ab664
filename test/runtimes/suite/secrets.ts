import { createSigner, prepareRequest, signedFetch } from 'countersign';
import { type Check, equal, isBrowser, refuses } from './check.ts';
import { accepted } from './client.ts';

export const secretChecks: readonly Check[] = [
  {
    name: 'a long-lived secret is refused in browsers and accepted elsewhere',
    async run(context) {
      const { accessKey, secret, base } = context;
      const make = () => createSigner({ accessKey, secret });
      if (isBrowser(context)) await refuses('secret_in_browser', make);
      else await accepted(await signedFetch(make())(`${base}/secret`));
    },
  },
  {
    name: 'credentials that end within a day are accepted everywhere',
    async run({ accessKey, secret, base }) {
      const credentials = async () => ({ accessKey, secret, expiresAt: Date.now() + 3_600_000 });
      await accepted(await signedFetch(createSigner({ credentials }))(`${base}/short-lived`));
    },
  },
  {
    name: 'a CryptoKey signs where there is WebCrypto, which only a page on plain http lacks',
    async run({ accessKey, secret, base, realm }) {
      const { subtle } = globalThis.crypto as Partial<Crypto>;
      equal(subtle === undefined, realm === 'insecure page', 'whether WebCrypto is missing');
      if (!subtle) return;
      const bytes = new TextEncoder().encode(secret);
      const key = await subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
      const signer = createSigner({ accessKey, secret: key });
      await accepted(await signedFetch(signer)(`${base}/crypto-key`, { method: 'POST', body: 'x' }));
      await refuses('async_required', () => prepareRequest(signer, { url: base }).headers);
    },
  },
];
