import { floorOfLargeRequest, floorOfRequest, floorOfValues, floorOfVerifying } from './floor.ts';
import { hawkSignRow, hawkVerifyRow } from './hawk.ts';
import { inputs } from './inputs.ts';
import { headersRow, signRow, verifyRequestRow, verifyRow } from './ours.ts';
import { rfc9421SignRows, rfc9421VerifyRows } from './rfc9421.ts';
import { type Operation, together } from './rows.ts';
import { aws4fetchRequestRow, aws4fetchRow, smithyRow } from './sigv4.ts';

const kib = 1024;
const mib = 1024 * kib;

/** All that is measured inside one runtime. */
export async function operations(): Promise<readonly Operation[]> {
  const list: Operation[] = [];
  const sizes = [
    ['GET', inputs('GET')],
    ['POST 1 KiB', inputs('POST', kib)],
    ['POST 1 MiB', inputs('POST', mib)],
  ] as const;
  for (const [size, given] of sizes) {
    const aws = aws4fetchRow(given);
    list.push({
      name: `headers() ${size}`,
      rows: [
        headersRow(given),
        await floorOfValues(given),
        hawkSignRow(given),
        ...rfc9421SignRows(given),
        smithyRow(given),
        aws,
        together(aws),
      ],
    });
  }
  for (const [size, given] of sizes) {
    const aws = aws4fetchRequestRow(given);
    const floor = size === 'POST 1 MiB' ? floorOfLargeRequest(given) : await floorOfRequest(given);
    list.push({ name: `sign(Request) ${size}`, rows: [signRow(given), floor, aws, together(aws)] });
    if (size === 'POST 1 KiB') {
      const known = { known: true };
      list.push({
        name: `sign(Request, { body }) ${size}`,
        rows: [signRow(given, known), await floorOfRequest(given, known), aws, together(aws)],
      });
    }
  }
  for (const [size, given] of sizes) {
    list.push({
      name: `verify ${size}`,
      rows: [
        verifyRow(given),
        await floorOfVerifying(given),
        verifyRequestRow(given),
        hawkVerifyRow(given),
        ...(await rfc9421VerifyRows(given)),
      ],
    });
  }
  return list;
}
