import type { IncomingMessage } from 'node:http';
import type { Caller } from 'countersign/node';

/** A verified request: principal and body are proven by the signature. */
type VerifiedCall = Caller & { readonly type: string | undefined };

const routes: Record<string, (call: VerifiedCall) => Response | Promise<Response>> = {
  'GET /profile': ({ principal }) => Response.json({ service: principal.service }),

  'POST /orders': async ({ body }) => {
    const order: unknown = await contentOf(body).json().catch(unreadable);
    if (order === undefined) return problem(400, 'The body is not JSON.');
    return Response.json({ accepted: order }, { status: 201 });
  },

  'POST /photos': async ({ body, type }) => {
    const form = await contentOf(body, type).formData().catch(unreadable);
    const photo = form?.get('photo');
    if (!form || !(photo instanceof Blob)) return problem(400, 'The form has no photo.');
    return Response.json({ name: photo.name, bytes: photo.size, caption: form.get('caption') }, { status: 201 });
  },

  'GET /export': () => new Response(exportedLines(), { headers: { 'Content-Type': 'text/csv' } }),
};

/** Responds to a verified request. */
export async function route({ method, url = '', headers }: IncomingMessage, caller: Caller): Promise<Response> {
  const handler = routes[`${method} ${url.replace(/\?.*/s, '')}`];
  return handler
    ? handler({ ...caller, type: headers['content-type'] })
    : problem(404, `There is no ${method} of this path.`);
}

/** Problem details (RFC 9457), as in a refusal of the verifier. */
export const problem = (status: number, detail: string): Response =>
  Response.json(
    { type: 'about:blank', status, detail },
    { status, headers: { 'Content-Type': 'application/problem+json' } },
  );

const contentOf = (body: Uint8Array | undefined, type?: string): Response =>
  new Response((body ?? null) as BodyInit | null, { headers: type ? { 'Content-Type': type } : {} });

const unreadable = (): undefined => undefined;

/** Streams twenty pages of a thousand lines. Each page is created when the client can receive it. */
function exportedLines(): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let page = 0;
  return new ReadableStream({
    pull(controller) {
      const lines = Array.from({ length: 1000 }, (_, line) => `${page * 1000 + line},A-1,paid\n`);
      controller.enqueue(encoder.encode(lines.join('')));
      page++;
      if (page === 20) controller.close();
    },
  });
}
