import { fail, SignatureError } from '../core/errors.ts';
import { countersignV1 } from '../schemes/countersign-v1/scheme.ts';
import { defineScheme } from '../schemes/define/define-scheme.ts';
import type { SchemeDefinition } from '../schemes/define/definition.ts';
import { type OptionNames, requireKnownOptions } from '../server/known-options.ts';
import { type KitCase, type KitSigning, refuseCase, signCase } from './cases.ts';
import { checkKitCredentials, type KitCredentials, throwAwayCredentials } from './credentials.ts';
import { type KitLanguage, kitLanguages, listClientFiles } from './languages.ts';
import { describeOpenApi } from './openapi.ts';
import { plainCase } from './plain-case.ts';
import { describePostman } from './postman.ts';
import { describeProtocol } from './protocol.ts';
import { describeKit } from './readme.ts';
import {
  countersignRequests,
  type KitRequest,
  ordinaryRequests,
  refusedRequests,
  signedHeaderRequests,
} from './requests.ts';

export type { KitLanguage };

/** The files of a kit, by path: `README.md`, `clients/python/countersign.py`. */
export type Kit = Readonly<Record<string, string>>;

/** What a kit is made for. */
export type KitOptions = {
  /** Where callers send requests, for example `https://api.example.com`. */
  readonly origin: string;
  /** The scheme, as data. @default countersign-v1 */
  readonly definition?: SchemeDefinition;
  /** The languages of the clients. @default all in which there is a client for the scheme */
  readonly languages?: readonly KitLanguage[];
  /** The name of the API, for the README. @default the host of the origin */
  readonly name?: string;
  /** A pair of a sandbox, which the kit contains in clear. @default a throw-away pair that no server knows */
  readonly credentials?: KitCredentials;
  /** The contents of `countersign/vectors.json`, which becomes `vectors/all.json`. @default none */
  readonly vectors?: object;
};

const optionNames: OptionNames<KitOptions> = {
  origin: true,
  definition: true,
  languages: true,
  name: true,
  credentials: true,
  vectors: true,
};

/**
 * Creates a kit for a partner who calls an API from another language: a page with one request worked out to the byte, the protocol,
 * clients that are tested in their own language, and cases to check a client with. The result depends on the options only.
 *
 * @throws SignatureError `invalid_configuration` for an origin with a path, and for a language in which there is no client for the
 * scheme; `invalid_credentials`.
 * @example
 * import { createKit } from 'countersign/kit';
 *
 * const files = createKit({ origin: 'https://api.example.com', languages: ['python'] });
 * console.log(Object.keys(files).slice(0, 3)); // → [ 'README.md', 'protocol.md', 'credentials.json' ]
 */
export function createKit(options: KitOptions): Kit {
  requireKnownOptions(options, optionNames, 'createKit()');
  const { definition, vectors } = options;
  const origin = readOrigin(options.origin);
  const scheme = definition ? defineScheme(definition) : countersignV1;
  const credentials = options.credentials
    ? checkKitCredentials(options.credentials)
    : throwAwayCredentials(origin, definition);
  const languages = options.languages ?? kitLanguages(definition);
  const clients = languages.flatMap((language) => Object.entries(listClientFiles(language, definition)));
  const signsChallenge = JSON.stringify(definition ?? {}).includes('{challenge');
  const cases = kitCases({ scheme, origin, ...credentials, signsChallenge }, definition);
  const name = options.name ?? new URL(origin).host;
  return {
    'README.md': describeKit({ name, origin, scheme: scheme.name, languages, cases, findings: scheme.findings ?? [] }),
    'protocol.md': describeProtocol(definition),
    'credentials.json': toJson(credentials),
    'openapi.json': toJson(describeOpenApi({ name, origin, scheme: scheme.name, definition })),
    ...(definition && { 'definition.json': toJson(definition) }),
    ...Object.fromEntries(clients),
    ...(languages.includes('postman') && {
      'clients/postman/countersign.postman_collection.json': toJson(describePostman({ name, origin, credentials })),
    }),
    'vectors/core.json': toJson({ cases }),
    ...(vectors && !definition && { 'vectors/all.json': toJson(vectors) }),
    ...Object.assign({}, ...cases.map(plainCase)),
  };
}

/** The cases of a kit. All are signed by the package itself. */
function kitCases(signing: KitSigning, definition: SchemeDefinition | undefined): readonly KitCase[] {
  if (definition) {
    const chosen = definition.signedHeaders ? signedHeaderRequests : [];
    return [...ordinaryRequests, ...chosen].flatMap((request) => signIfComplete(request, signing));
  }
  return [
    ...[...ordinaryRequests, ...countersignRequests, ...signedHeaderRequests].map((request) =>
      signCase(request, signing),
    ),
    ...refusedRequests.map((request) => refuseCase(request, signing)),
  ];
}

// A definition may sign a header that an ordinary request lacks, such as a content type without a body.
function signIfComplete(request: KitRequest, signing: KitSigning): readonly KitCase[] {
  try {
    return [signCase(request, signing)];
  } catch (error) {
    if (error instanceof SignatureError && error.code === 'missing_header') return [];
    throw error;
  }
}

const toJson = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

function readOrigin(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.pathname !== '/' || url.search || url.hash) {
    return fail('invalid_configuration', 'origin must be such as https://api.example.com, without a path.');
  }
  return url.origin;
}
