import { floorOfLargeRequest, floorOfRequest, floorOfValues, floorOfVerifying } from './floor.ts';
import { hawkSignRow, hawkVerifyRow } from './hawk.ts';
import { type Inputs, inputs } from './inputs.ts';
import { headersRow, signRow, verifyRequestRow, verifyRow } from './ours.ts';
import { rfc9421SignRows, rfc9421VerifyRows } from './rfc9421.ts';
import { type Operation, type Row, together } from './rows.ts';
import { schemeOperations } from './scheme-operations.ts';
import { aws4fetchRequestRow, aws4fetchRow, smithyRow } from './sigv4.ts';

const kib = 1024;
const mib = 1024 * kib;

const sizes = [
  ['GET', inputs('GET')],
  ['POST 1 KiB', inputs('POST', kib)],
  ['POST 1 MiB', inputs('POST', mib)],
] as const;

async function headersRows(given: Inputs): Promise<readonly Row[]> {
  const aws = aws4fetchRow(given);
  const signed = [hawkSignRow(given), ...rfc9421SignRows(given), smithyRow(given), aws, together(aws)];
  return [headersRow(given), await floorOfValues(given), ...signed];
}

async function signRows(given: Inputs, how?: { known: true }): Promise<readonly Row[]> {
  const aws = aws4fetchRequestRow(given);
  const large = given.all.some(({ bytes }) => bytes.length >= mib);
  const floor = large ? floorOfLargeRequest(given) : await floorOfRequest(given, how);
  return [signRow(given, how), floor, aws, together(aws)];
}

const verifyRows = async (given: Inputs): Promise<readonly Row[]> => [
  verifyRow(given),
  await floorOfVerifying(given),
  verifyRequestRow(given),
  hawkVerifyRow(given),
  ...(await rfc9421VerifyRows(given)),
];

/** All that is measured inside one runtime. */
export const operations: readonly Operation[] = [
  ...sizes.map(([size, given]) => ({ name: `headers() ${size}`, rows: () => headersRows(given) })),
  ...sizes.map(([size, given]) => ({ name: `sign(Request) ${size}`, rows: () => signRows(given) })),
  ...sizes.slice(1, 2).map(([size, given]) => ({
    name: `sign(Request, { body }) ${size}`,
    rows: () => signRows(given, { known: true }),
  })),
  ...sizes.map(([size, given]) => ({ name: `verify ${size}`, rows: () => verifyRows(given) })),
  ...schemeOperations,
];
