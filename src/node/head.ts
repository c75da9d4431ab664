import type { ServerResponse } from 'node:http';
import type { HeaderView } from '../core/message.ts';
import type { LateFields } from '../server/response/cors.ts';

/** Sets headers as `writeHead` takes them: by name, or names and values in turn or in pairs, of which some may be repeated. */
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

/** What has been set of an answer's headers. */
const headersSet = (response: ServerResponse): HeaderView => ({
  get(name) {
    const value = response.getHeader(name);
    return value === undefined ? null : [value].flat().join(', ');
  },
});

/** Changes headers when they are written: after everything else that sets some, such as handlers, and what answers for them when they fail. */
export function onWriteHead(response: ServerResponse, changes: (headers: HeaderView) => LateFields): void {
  const writeHead: (this: ServerResponse, status: number, reason?: string) => ServerResponse = response.writeHead;
  // Node itself calls it for what writes no head of its own.
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
