import type { Finding, FindingCode } from '../../../core/scheme-finding.ts';
import type { Aspect } from './coverage.ts';

/** The consequence of leaving an aspect of a request unsigned. */
export type UncoveredPart = {
  readonly aspect: Aspect;
  readonly code: FindingCode;
  readonly severity: Finding['severity'];
  /** The severity for a message from one sender to one endpoint, of which only the body matters. */
  readonly forMessages: Finding['severity'];
  /** As in "The body is not signed". */
  readonly name: string;
  readonly attack: string;
};

/** Aspects that determine the effect are of high severity. The host is not: another host has other keys, or should have. */
export const uncoveredParts: readonly UncoveredPart[] = [
  {
    aspect: 'body',
    code: 'body-unsigned',
    severity: 'high',
    forMessages: 'high',
    name: 'body',
    attack: 'A POST /transfers with {"amount":1} is forwarded with {"amount":1000} and the same signature.',
  },
  {
    aspect: 'path',
    code: 'path-unsigned',
    severity: 'high',
    forMessages: 'medium',
    name: 'path',
    attack: 'The signature of GET /status is used for GET /secrets; that of a message to /test for one to /live.',
  },
  {
    aspect: 'query',
    code: 'query-unsigned',
    severity: 'high',
    forMessages: 'medium',
    name: 'query',
    attack: 'GET /orders?user=1 is forwarded as GET /orders?user=2 with the same signature.',
  },
  {
    aspect: 'method',
    code: 'method-unsigned',
    severity: 'high',
    forMessages: 'low',
    name: 'method',
    attack: 'GET /orders/1 is forwarded as DELETE /orders/1 with the same signature.',
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
      'A body that is valid both as JSON and as a form is forwarded with the other Content-Type, and parsed differently.',
  },
  {
    aspect: 'accessKey',
    code: 'access-key-unbound',
    severity: 'low',
    forMessages: 'low',
    name: 'access key',
    attack: 'Two access keys share a secret, and one has more rights: a request of the other is forwarded in its name.',
  },
];
