import { defineScheme, hawkHeader, presign, rfc9421, sigv4 } from 'countersign/schemes';
import { edgeGrid, edgeGridRow } from './edgegrid.ts';
import { hawkSignRow, hawkVerifyRow } from './hawk.ts';
import { httpsigSignRow, httpsigVerifyRow } from './httpsig.ts';
import { type Inputs, inputs } from './inputs.ts';
import { partner, partnerFloor } from './partner.ts';
import { aws4fetchPresignRow, smithyPresignRow } from './presign.ts';
import { rfc9421SignRows, rfc9421VerifyRows } from './rfc9421.ts';
import { ed25519Keys, ed25519Pair } from './rfc9421-keys.ts';
import type { Operation, Row } from './rows.ts';
import { type Measurable, signRowOf, verifyRowOf } from './scheme-rows.ts';
import { aws4fetchRow, scope, smithyRow } from './sigv4.ts';
import { webhookLibraries, webhookSignRow, webhookVerifyRow } from './webhooks.ts';

type Rows = (given: Inputs) => Promise<readonly Row[]> | readonly Row[];

/** One of our schemes, and who else does the same. */
type Compared = {
  readonly name: string;
  readonly ours: Measurable;
  /** @default GET and POST */
  readonly methods?: readonly ('GET' | 'POST')[];
  readonly sign: Rows;
  /** @default nobody */
  readonly verify?: Rows;
};

const ed25519: Measurable = { scheme: rfc9421(), pair: ed25519Pair };

const compared: readonly Compared[] = [
  {
    name: 'rfc9421',
    ours: { scheme: rfc9421() },
    sign: (g) => rfc9421SignRows(g),
    verify: (g) => rfc9421VerifyRows(g),
  },
  {
    name: 'rfc9421 ed25519',
    ours: ed25519,
    sign: (given) => [...rfc9421SignRows(given, ed25519Keys), httpsigSignRow(given)],
    verify: async (given) => [...(await rfc9421VerifyRows(given, ed25519Keys)), await httpsigVerifyRow(given)],
  },
  {
    name: 'sigv4',
    ours: { scheme: sigv4(scope) },
    sign: (given) => [smithyRow(given), aws4fetchRow(given)],
  },
  {
    name: 'presign',
    ours: { scheme: presign({ ...scope, expires: 300 }) },
    methods: ['GET'],
    sign: (given) => [smithyPresignRow(given), aws4fetchPresignRow(given)],
  },
  {
    name: 'hawk',
    ours: { scheme: defineScheme(hawkHeader) },
    sign: (given) => [hawkSignRow(given)],
    verify: (given) => [hawkVerifyRow(given)],
  },
  { name: 'edgegrid', ours: edgeGrid, sign: (given) => [edgeGridRow(given)] },
  { name: 'partner', ours: partner, sign: (given) => [partnerFloor(given)] },
  ...webhookLibraries.map(
    (library): Compared => ({
      name: library.ours.scheme.name,
      ours: library.ours,
      methods: ['POST'],
      sign: (given) => [webhookSignRow(library, given)],
      verify: async (given) => [await webhookVerifyRow(library, given)],
    }),
  ),
];

const given = { GET: inputs('GET'), POST: inputs('POST', 1024) };
const sized = { GET: 'GET', POST: 'POST 1 KiB' };

/** Each scheme beside libraries that implement it. */
export const schemeOperations: readonly Operation[] = compared.flatMap(
  ({ name, ours, methods = ['GET', 'POST'], sign, verify }) =>
    methods.flatMap((method): Operation[] => {
      const made = given[method];
      return [
        {
          name: `${name}: sign ${sized[method]}`,
          rows: async () => [signRowOf(ours, made), ...(await sign(made))],
        },
        {
          name: `${name}: verify ${sized[method]}`,
          rows: async () => [await verifyRowOf(ours, made), ...((await verify?.(made)) ?? [])],
        },
      ];
    }),
);
