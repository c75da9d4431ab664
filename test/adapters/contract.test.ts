import { describeAdapter } from './contract.ts';
import { describeCors } from './cors-contract.ts';
import { frameworkApps } from './framework-apps.ts';
import { nodeApps } from './node-apps.ts';

for (const adapter of [...nodeApps, ...frameworkApps]) {
  describeAdapter(adapter);
  describeCors(adapter);
}
