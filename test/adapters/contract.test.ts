import { present } from '../vectors/present.ts';
import { describeAdapter } from './contract.ts';
import { describeCors } from './cors-contract.ts';
import { frameworkApps } from './framework-apps.ts';
import { describeModifiers } from './modifiers-contract.ts';
import { nodeApps, secureNodeApps } from './node-apps.ts';

const secure = present('openssl', 'version') ? secureNodeApps : [];

for (const adapter of [...nodeApps, ...secure, ...frameworkApps]) {
  describeAdapter(adapter);
  describeCors(adapter);
  describeModifiers(adapter);
}
