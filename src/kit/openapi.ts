import type { SchemeDefinition } from '../schemes/define/definition.ts';
import { parseDefinition } from '../schemes/define/parse.ts';
import { planDefinition } from '../schemes/define/plan/plan.ts';

/** A header or query parameter that a signer adds. */
type Carrier = {
  readonly name: string;
  readonly in: 'header' | 'query';
  readonly required: boolean;
  readonly signature: boolean;
  readonly description: string;
};

const header = (name: string, description: string, given: Partial<Carrier> = {}): Carrier => ({
  name,
  in: 'header',
  required: true,
  signature: false,
  description,
  ...given,
});

/** Those of docs/protocol.md. */
const countersignCarriers: readonly Carrier[] = [
  header('X-API-Signature', 'v1= and the HMAC-SHA256 of the string to sign, in hex.', { signature: true }),
  header('X-API-Key', 'The access key of the caller.'),
  header('X-API-Timestamp', 'The time of signing, in seconds since 1970.'),
  header('X-API-Nonce', '16 to 128 of A-Z a-z 0-9 _ -, another for every attempt.'),
  header('Content-Digest', 'The SHA-256 of the body (RFC 9530). Without a body there is none.', { required: false }),
  header('X-API-Signed-Headers', 'The names of additional signed headers, separated by semicolons.', {
    required: false,
  }),
];

function carriersOf(definition: SchemeDefinition): readonly Carrier[] {
  const { headers, query } = planDefinition(parseDefinition(definition));
  return (['header', 'query'] as const).flatMap((place) =>
    (place === 'header' ? headers : query).map(({ name, optional, signature, template }) => ({
      name,
      in: place,
      required: !optional,
      signature,
      description: `Made from the template ${template}`,
    })),
  );
}

/** What an OpenAPI description is made for. */
type Described = {
  readonly name: string;
  readonly origin: string;
  readonly scheme: string;
  readonly definition: SchemeDefinition | undefined;
};

/**
 * Describes how requests are signed, as an OpenAPI 3.1 document without paths, to merge into that of the API. OpenAPI has no type for
 * signatures, so the signature is an `apiKey`, and what else a signer adds are parameters.
 */
export function describeOpenApi({ name, origin, scheme, definition }: Described): object {
  const carriers = definition ? carriersOf(definition) : countersignCarriers;
  const [signature] = carriers.filter((carrier) => carrier.signature);
  const others = carriers.filter((carrier) => carrier !== signature);
  const keyOf = ({ name: own }: Carrier): string => own.replace(/[^\w.-]/g, '-');
  return {
    openapi: '3.1.1',
    info: { title: name, version: '1' },
    servers: [{ url: origin }],
    security: [{ [scheme]: [] }],
    components: {
      securitySchemes: {
        [scheme]: {
          type: 'apiKey',
          in: signature?.in,
          name: signature?.name,
          description: `${signature?.description ?? ''} Requests are signed with the scheme ${scheme}: see protocol.md of the kit.`,
          'x-countersign': { scheme, ...(definition && { definition }) },
        },
      },
      parameters: Object.fromEntries(
        others.map((carrier) => [
          keyOf(carrier),
          {
            name: carrier.name,
            in: carrier.in,
            required: carrier.required,
            description: carrier.description,
            schema: { type: 'string' },
          },
        ]),
      ),
    },
  };
}
