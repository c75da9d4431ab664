import type { Receipt } from './receipt.ts';

export type Answer = {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What follows the body, once it is there. */
  readonly rest?: Promise<string>;
};

export type Asked = {
  readonly path: string;
  readonly receipt: Receipt;
  readonly query: URLSearchParams;
  /** The how manieth request for this path this is. */
  readonly attempt: number;
};
type Route = (asked: Asked) => Answer;

const released = new Map<string, () => void>();
const pause = (milliseconds: number): Promise<string> =>
  new Promise((resolve) => setTimeout(() => resolve(''), milliseconds));

/** For verified requests, by the first segment of the path. */
export const routes: Readonly<Record<string, Route>> = {
  '/redirect': ({ query }) => ({
    status: Number(query.get('status')),
    headers: { Location: query.get('to') ?? '' },
  }),
  '/flaky': ({ receipt, attempt }) => ({
    status: attempt < 3 ? 503 : 200,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(receipt),
  }),
  '/slow': () => ({ rest: pause(3000) }),
  // Half of the answer is held back until the caller says that it has the other.
  '/halves': ({ query }) => ({
    headers: { 'Content-Type': 'application/octet-stream' },
    body: 'a'.repeat(65_536),
    rest: new Promise((resolve) => released.set(query.get('id') ?? '', () => resolve('b'.repeat(65_536)))),
  }),
};

/** For requests that nobody verifies. */
export const openRoutes: Readonly<Record<string, Route>> = {
  '/open/release': ({ query }) => {
    released.get(query.get('id') ?? '')?.();
    return {};
  },
};
