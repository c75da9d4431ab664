import { utf8 } from '../../core/encoding.ts';
import type { Difference } from '../../explain/difference.ts';
import { createServerEffort } from '../../explain/effort.ts';
import { explainWithin } from '../../explain/explain.ts';
import type { SignatureExplanation } from '../../explain/explanation.ts';
import { countersignV1 } from '../../schemes/countersign-v1/scheme.ts';
import { defineScheme } from '../../schemes/define/define-scheme.ts';
import type { SchemeDefinition } from '../../schemes/define/definition.ts';
import { memoryKeys } from '../../server/keys/memory-keys.ts';
import type { KitCase } from '../cases.ts';
import type { SignerResult } from './compare-case.ts';

/** What explains the signature of a case. */
export type CaseExplainer = (one: KitCase, result: SignerResult) => Promise<readonly Difference[]>;

/** In milliseconds, for the search of one case. */
const timeout = 500;
/** In milliseconds, for all cases: most differ for one cause. */
const wholeTimeout = 3000;

/**
 * Creates a function that searches for what a signer under test has done otherwise, as a kit server does. It finds nothing in cases
 * of another scheme.
 *
 * @param definition the scheme as data. @default countersign-v1
 * @throws SignatureError `invalid_configuration`
 */
export function createCaseExplainer(definition: SchemeDefinition | undefined): CaseExplainer {
  const scheme = definition ? defineScheme(definition) : countersignV1;

  async function explain(one: KitCase, { headers = {}, url = one.url }: SignerResult): Promise<SignatureExplanation> {
    const accessKey = !definition || JSON.stringify(definition).includes('{accessKey') ? one.accessKey : scheme.name;
    const [, protocol, authority = '', target = ''] = /^(https?):\/\/([^/?#]*)([^#]*)/i.exec(url) ?? [];
    const fields = new Headers();
    for (const [name, value] of [...one.headers, ...Object.entries(headers)]) fields.append(name, value);
    return explainWithin(
      {
        ...{ method: one.method, scheme: protocol === 'http' ? 'http' : 'https', authority, headers: fields },
        ...{ target: target.startsWith('/') ? target : `/${target}`, body: utf8(one.body) },
      },
      {
        ...{ scheme, accessKey, keys: memoryKeys([{ accessKey, service: 'kit', secrets: [{ secret: one.secret }] }]) },
        ...{ clock: () => one.time * 1000, effort: createServerEffort({ timeout }) },
      },
    );
  }

  let spent = 0;
  return async (one, result) => {
    if (!one.expected || !result.headers || spent > wholeTimeout) return [];
    const begun = performance.now();
    try {
      const { verified } = await explain(one, one.expected);
      return verified ? (await explain(one, result)).differences : [];
    } catch {
      // Headers that no request can have.
      return [];
    } finally {
      spent += performance.now() - begun;
    }
  };
}
