import { createCommunicationAccessKeyCredentialPolicy } from '@azure/communication-common';
import { azureCommunicationServices, defineScheme } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { judge, judgeOf } from './judge.ts';
import { published, textBytes } from './published.ts';
import { signWith } from './sign.ts';
import { tamperings } from './tampering.ts';

const secret = Buffer.from('the secret of nobody, in 32 bytes').toString('base64');
const scheme = defineScheme(azureCommunicationServices);

/** The headers that Azure's own policy adds to a request. */
async function headersOfAzure(url: string, method: string, body: string): Promise<Record<string, string>> {
  const headers = new Map<string, string>();
  type Policy = ReturnType<typeof createCommunicationAccessKeyCredentialPolicy>;
  type Sent = Parameters<Policy['sendRequest']>[0];
  const request = { url, method, body, headers: { set: (name: string, value: string) => headers.set(name, value) } };
  const policy = createCommunicationAccessKeyCredentialPolicy({ key: secret } as never);
  await policy.sendRequest(request as unknown as Sent, async () => ({}) as never);
  headers.delete('Host');
  return Object.fromEntries([...headers].map(([name, value]) => [name.toLowerCase(), value]));
}

describe('azureCommunicationServices', () => {
  it.each([
    ['POST', '/sms?api-version=2021-03-07', '{"message":"Größe 😀"}'],
    ['GET', '/phoneNumbers?api-version=2022-12-01&top=100', ''],
    ['DELETE', '/identities/8:acs:1b5cc06b?api-version=2023-10-01', ''],
    ['PATCH', '/phoneNumbers/%2B14255550123/capabilities?api-version=2022-12-01', '{"calling":"inbound"}'],
  ])("makes the headers of Azure's own policy for %s %s", async (method, target, body) => {
    const authority = 'contoso.communication.azure.com';
    const headers = await headersOfAzure(`https://${authority}${target}`, method, body);
    const time = Date.parse(headers['x-ms-date'] ?? '');
    const attempt = published({ method, authority, target, secret, time, body: textBytes(body) });
    const sent = signWith(scheme, attempt);
    expect(sent.headers).toEqual(headers);
    const server = judgeOf({ scheme, acceptFindings: [], accessKey: 'azure', secret, clock: () => time });
    for (const changed of tamperings(sent, [])) {
      if (JSON.stringify(changed.sent) === JSON.stringify(sent)) continue;
      expect([changed.of, await judge(server, changed.sent)]).not.toEqual([changed.of, 'ok']);
    }
    expect(await judge(server, sent)).toBe('ok');
  });
});
