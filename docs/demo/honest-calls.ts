import type { Call } from './call.ts';

type Order = { accepted: { sku: string; quantity: number } };
type Photo = { name: string; bytes: number; caption: string };

/** Calls that are accepted: ordinary calls, without any code for signing. */
export const honestCalls: readonly Call[] = [
  {
    name: 'GET with ky',
    expected: { status: 200, reason: 'hello shop' },
    async make({ api }) {
      const response = await api.get('profile', { searchParams: { fields: 'name,address', q: 'a b+c' } });
      const { service } = await response.json<{ service: string }>();
      return { status: response.status, reason: `hello ${service}` };
    },
  },
  {
    name: 'POST of JSON with ky',
    expected: { status: 201, reason: '2 of A-1 ordered' },
    async make({ api }) {
      const response = await api.post('orders', { json: { sku: 'A-1', quantity: 2 } });
      const { accepted } = await response.json<Order>();
      return { status: response.status, reason: `${accepted.quantity} of ${accepted.sku} ordered` };
    },
  },
  {
    name: 'FormData upload with ky',
    expected: { status: 201, reason: 'photo.png stored, 70000 bytes, "Grüße"' },
    async make({ api }) {
      const form = new FormData();
      form.set('photo', new Blob([new Uint8Array(70_000).fill(0xff)], { type: 'image/png' }), 'photo.png');
      form.set('caption', 'Grüße');
      const response = await api.post('photos', { body: form });
      const { name, bytes, caption } = await response.json<Photo>();
      return { status: response.status, reason: `${name} stored, ${bytes} bytes, "${caption}"` };
    },
  },
  {
    name: 'streamed download with ky',
    expected: { status: 200, reason: '20000 lines, in many pieces' },
    async make({ api }) {
      const response = await api.get('export');
      let pieces = 0;
      let lines = 0;
      for await (const piece of response.body ?? []) {
        pieces++;
        lines += piece.filter((byte) => byte === 0x0a).length;
      }
      return { status: response.status, reason: `${lines} lines, in ${pieces > 1 ? 'many pieces' : 'one piece'}` };
    },
  },
  {
    name: 'POST with signedFetch',
    expected: { status: 201, reason: '1 of B-2 ordered' },
    async make({ fetch, origin }) {
      const body = JSON.stringify({ sku: 'B-2', quantity: 1 });
      const headers = { 'Content-Type': 'application/json' };
      const response = await fetch(`${origin}/orders`, { method: 'POST', headers, body });
      const { accepted } = (await response.json()) as Order;
      return { status: response.status, reason: `${accepted.quantity} of ${accepted.sku} ordered` };
    },
  },
];
