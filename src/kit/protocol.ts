import type { SchemeDefinition } from '../schemes/define/definition.ts';
import { parseDefinition } from '../schemes/define/parse.ts';
import { planDefinition } from '../schemes/define/plan/plan.ts';
import files from './client-files.json' with { type: 'json' };
import { describePlan } from './prose/describe-plan.ts';

/** Returns the page that defines a scheme: that of countersign-v1, or one written from a definition. */
export const describeProtocol = (definition: SchemeDefinition | undefined): string =>
  definition ? describePlan(planDefinition(parseDefinition(definition))) : files['protocol.md'];
