import type { Resolver } from './require-signature.ts';

/** The parts of Playwright's `Route` that are used here. */
export type InterceptedRoute = {
  request(): {
    url(): string;
    method(): string;
    headers(): Readonly<Record<string, string>>;
    postDataBuffer(): Uint8Array | null;
  };
  fulfill(response: { status: number; headers: Record<string, string>; body: string }): Promise<void>;
  fallback(): Promise<void>;
};

/**
 * Converts a resolver to a handler for Playwright's `page.route`. If the resolver returns no response, the next route handles the
 * request. The body of a response is sent as text.
 *
 * @example
 * import { requireSignature, serverResponse, toRoute } from 'countersign/testing';
 *
 * const signed = toRoute(requireSignature());
 * const expired = toRoute(({ request }) => serverResponse('expired_key', { request }));
 * // await page.route('https://api.example.com/**', signed);
 */
export function toRoute(resolver: Resolver): (route: InterceptedRoute) => Promise<void> {
  return async (route) => {
    const given = route.request();
    const body = given.postDataBuffer();
    const request = new Request(given.url(), {
      method: given.method(),
      headers: given.headers(),
      ...(body && { body: new Uint8Array(body) }),
    });
    const response = await resolver({ request });
    if (!response) return route.fallback();
    const { status, headers } = response;
    return route.fulfill({ status, headers: Object.fromEntries(headers), body: await response.text() });
  };
}
