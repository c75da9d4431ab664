import { AppConfigurationClient } from '@azure/app-configuration';
import type { Sent } from './attempt.ts';
import { recordRequests } from './record-requests.ts';

/** What the client is to do, with names that find their way into path and query. */
export type AzureCall = {
  readonly key: string;
  readonly label: string;
  readonly value: string;
  readonly kind: 'get' | 'set';
};

/** What Azure's own client sends for these calls. */
export const sentByAzure = (
  calls: readonly AzureCall[],
  { accessKey, secret }: { readonly accessKey: string; readonly secret: string },
): Promise<readonly Sent[]> =>
  recordRequests({
    response: { type: 'application/json', body: '{"key":"k","value":"v"}' },
    async call(origin) {
      const client = new AppConfigurationClient(`Endpoint=${origin};Id=${accessKey};Secret=${secret}`, {
        allowInsecureConnection: true,
      });
      for (const { kind, value, ...setting } of calls) {
        await (kind === 'get'
          ? client.getConfigurationSetting(setting)
          : client.setConfigurationSetting({ ...setting, value }));
      }
    },
  });
