import type { EventSource } from 'eventsource';
import * as undici from 'undici';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startShop } from './shop.ts';

const firstOf = (source: { onmessage: unknown }): Promise<unknown> =>
  new Promise((resolve) => {
    source.onmessage = ({ data }: { readonly data: unknown }) => resolve(data);
  });

type Recipe = {
  listen(): Promise<globalThis.EventSource>;
  listenSigned(): EventSource;
};

it('an EventSource that sets no headers takes a signed link, again when it connects again', async () => {
  const { recipe, seen } = await startShop();
  // That of undici is the one of Node, where it is behind a flag.
  vi.stubGlobal('EventSource', undici.EventSource);
  onTestFinished(() => void vi.unstubAllGlobals());
  const { listen } = await recipe<Recipe>('EventSource');
  const source = await listen();
  onTestFinished(() => source.close());
  expect(await firstOf(source)).toBe('shipped');
  expect(await firstOf(source)).toBe('shipped');
  source.close();
  expect(seen()).toEqual(['GET /v1/events?csign-… ok', 'GET /v1/events?csign-… ok']);
});

it('the package eventsource signs each connection anew', async () => {
  const { recipe, seen } = await startShop();
  const { listenSigned } = await recipe<Recipe>('EventSource');
  const source = listenSigned();
  onTestFinished(() => source.close());
  expect(await firstOf(source)).toBe('shipped');
  expect(await firstOf(source)).toBe('shipped');
  source.close();
  expect(seen()).toEqual(['GET /v1/events ok', 'GET /v1/events ok']);
});
