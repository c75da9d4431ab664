import type { ServerResponse } from 'node:http';
import type { HeaderView } from '../core/message.ts';
import type { LateFields } from '../server/response/cors.ts';

/** Sets headers in any form that `writeHead` accepts: an object, alternating names and values, or pairs. Names may repeat. */
export function setHeaders(response: ServerResponse, given: unknown): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given ?? {})) response.setHeader(name, value);
    return;
  }
  const lines = Array.isArray(given[0]) ? (given as readonly Line[]) : linesIn(given);
  for (const [name] of lines) response.removeHeader(name);
  for (const [name, value] of lines) response.appendHeader(name, value);
}

type Line = readonly [name: string, value: string];

const linesIn = (given: readonly string[]): readonly Line[] =>
  given.flatMap((name, i) => (i % 2 ? [] : [[name, given[i + 1] ?? ''] satisfies Line]));

/** A view of the headers that a response has so far. */
const headersSet = (response: ServerResponse): HeaderView => ({
  get(name) {
    const value = response.getHeader(name);
    return value === undefined ? null : [value].flat().join(', ');
  },
});

/** Changes headers when the head is written, and therefore after handlers and error handlers have set theirs. */
export function onWriteHead(response: ServerResponse, changes: (headers: HeaderView) => LateFields): void {
  const writeHead: (this: ServerResponse, status: number, reason?: string) => ServerResponse = response.writeHead;
  // Node calls `writeHead` itself if the handler does not.
  response.writeHead = (status: number, ...rest: readonly unknown[]): ServerResponse => {
    const reason = rest.find((one): one is string => typeof one === 'string');
    for (const one of rest) if (typeof one === 'object') setHeaders(response, one);
    for (const [name, value] of Object.entries(changes(headersSet(response)))) {
      if (value === undefined) response.removeHeader(name);
      else response.setHeader(name, value);
    }
    return writeHead.call(response, status, reason);
  };
}
