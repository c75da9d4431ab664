import type { Finding, FindingCode } from '../../../core/finding.ts';
import type { Aspect } from './coverage.ts';

/** What it means that an aspect of a request is not signed. */
export type UncoveredPart = {
  readonly aspect: Aspect;
  readonly code: FindingCode;
  readonly severity: Finding['severity'];
  /** Where the request is a message from one sender to one endpoint, and the body is all that it says. */
  readonly forMessages: Finding['severity'];
  /** As in "The body is not signed". */
  readonly name: string;
  readonly attack: string;
};

/** What is done is high: it can be changed. Where it is done is not: another host has other keys, or should. */
export const uncoveredParts: readonly UncoveredPart[] = [
  {
    aspect: 'body',
    code: 'body-unsigned',
    severity: 'high',
    forMessages: 'high',
    name: 'body',
    attack: 'A POST /transfers with {"amount":1} is sent on with {"amount":1000} and the same signature.',
  },
  {
    aspect: 'path',
    code: 'path-unsigned',
    severity: 'high',
    forMessages: 'medium',
    name: 'path',
    attack: 'The signature of GET /status is put on a GET /secrets; that of a message to /test on one to /live.',
  },
  {
    aspect: 'query',
    code: 'query-unsigned',
    severity: 'high',
    forMessages: 'medium',
    name: 'query',
    attack: 'GET /orders?user=1 is sent on as GET /orders?user=2 with the same signature.',
  },
  {
    aspect: 'method',
    code: 'method-unsigned',
    severity: 'high',
    forMessages: 'low',
    name: 'method',
    attack: 'GET /orders/1 is sent on as DELETE /orders/1 with the same signature.',
  },
  {
    aspect: 'host',
    code: 'host-unsigned',
    severity: 'medium',
    forMessages: 'low',
    name: 'host',
    attack:
      'A request to staging.example.com is sent to api.example.com, where the same access key has the same secret.',
  },
  {
    aspect: 'port',
    code: 'host-unsigned',
    severity: 'low',
    forMessages: 'low',
    name: 'port',
    attack:
      'A request to api.example.com:8443 is sent to api.example.com, where the same access key has the same secret.',
  },
  {
    aspect: 'content type',
    code: 'content-type-unsigned',
    severity: 'medium',
    forMessages: 'low',
    name: 'content type',
    attack:
      'A body that is JSON and a form as well is sent on with the other Content-Type, and read as something else.',
  },
  {
    aspect: 'accessKey',
    code: 'access-key-unbound',
    severity: 'low',
    forMessages: 'low',
    name: 'access key',
    attack: 'Two access keys have one secret, and one may do more: a request of the other is sent on in its name.',
  },
];
