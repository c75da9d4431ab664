import { fail } from '../../core/errors.ts';
import { toRequest } from './json-record.ts';
import type { RecordedRequest } from './recorded-request.ts';

const requestLine = /^([A-Z]+) (https?:\/\/\S+): \{$/;

/** Whether a text was copied from the console of Postman. */
export const isPostmanConsole = (start: string): boolean =>
  start.split('\n').some((line) => requestLine.test(line.trimEnd()));

/**
 * Parses text from the console of Postman: a line such as `POST https://api.example.com/v1: {`, the members `Request Headers` and
 * `Request Body`, and a closing brace.
 *
 * @throws SignatureError `invalid_request`
 */
export function parsePostmanConsole(text: string): RecordedRequest {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const starts = lines.flatMap((line, place) => (requestLine.test(line) ? [place] : []));
  const start = starts.at(-1) ?? 0;
  const [, method = '', url = ''] = requestLine.exec(lines[start] ?? '') ?? [];
  const end = lines.findIndex((line, place) => place > start && line === '}');
  const members = readMembers(['{', ...lines.slice(start + 1, end < 0 ? undefined : end + 1)].join('\n'));
  const { 'Request Headers': headers = {}, 'Request Body': body } = members;
  const others = starts.length - 1;
  return {
    ...toRequest({ method, url, headers, ...(typeof body === 'string' && { body }) }),
    // A form is shown as an object, without the form in which it was sent.
    ...(typeof body === 'object' &&
      body !== null && { missingBody: 'a form, of which Postman shows the fields alone' }),
    ...(others && { passedOver: `${others} earlier ${others === 1 ? 'request' : 'requests'} of the console` }),
  };
}

function readMembers(json: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(json);
  } catch {
    return fail('invalid_request', 'The text of the Postman console is incomplete: copy the whole entry.');
  }
}
