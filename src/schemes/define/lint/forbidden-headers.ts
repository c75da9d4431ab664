import type { Finding } from '../../../core/scheme-finding.ts';
import type { Plan } from '../plan/plan.ts';
import { listFields } from './coverage.ts';
import type { Flattened } from './flatten.ts';

// Fetch Standard, "forbidden request-header".
const forbidden =
  /^(?:accept-(?:charset|encoding)|access-control-request-(?:headers|method|private-network)|connection|content-length|cookie2?|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|te|trailer|transfer-encoding|upgrade|via|(?:proxy|sec)-.*)$/;

/** Reports headers that the scheme sets or signs and that pages in browsers cannot set. */
export function forbiddenHeaderFindings({ headers }: Plan, flattened: Flattened): readonly Finding[] {
  const signed = [...listFields([flattened.stringToSign, ...flattened.keySteps])]
    .filter((field) => field.startsWith('header.'))
    .map((field) => field.slice('header.'.length));
  const names = [...new Set([...headers.map(({ name }) => name.toLowerCase()), ...signed])];
  const found = names.filter((name) => forbidden.test(name)).sort();
  if (!found.length) return [];
  const finding: Finding = {
    code: 'forbidden-browser-header',
    severity: 'low',
    message: `Browsers do not let pages set ${found.join(', ')}: pages cannot sign with this scheme.`,
    attack: `No attack: a browser drops ${found[0]} silently, and every request of a page is refused.`,
  };
  return [finding];
}
