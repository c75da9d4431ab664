import { describeAdapter } from './contract.ts';
import { nodeApps } from './node-apps.ts';

for (const adapter of [...nodeApps]) describeAdapter(adapter);
