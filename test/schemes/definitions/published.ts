import type { Attempt } from './attempt.ts';

/** What of an attempt a published example says; the rest does not go into its signature. */
export const published = (example: Partial<Attempt> & Pick<Attempt, 'secret'>): Attempt => ({
  method: 'GET',
  scheme: 'https',
  authority: 'api.example.com',
  target: '/',
  headers: {},
  body: new Uint8Array(),
  accessKey: 'partner',
  time: 0,
  nonce: 'b8f4e1d0-0f0a-4d8e-9a55-1f6d2a3b4c5d',
  challenge: '',
  ...example,
});

export const textBytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
