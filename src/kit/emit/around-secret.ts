import { isSecret } from '../../schemes/define/plan/secret.ts';
import type { PlannedPart, PlannedTemplate } from '../../schemes/define/plan/template.ts';

/** The parts of a string to sign before and after the secret; undefined for HMAC, which has the secret as its key. */
export function partsAroundSecret({
  parts,
}: PlannedTemplate): { readonly before: readonly PlannedPart[]; readonly after: readonly PlannedPart[] } | undefined {
  const at = parts.findIndex(isSecret);
  return at < 0 ? undefined : { before: parts.slice(0, at), after: parts.slice(at + 1) };
}
