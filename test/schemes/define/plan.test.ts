import { defineScheme, type SchemeDefinition } from 'countersign/schemes';
import { describe, expect, it } from 'vitest';
import { toMessage } from '../../../src/core/message.ts';
import { compileDefinition } from '../../../src/schemes/define/compile-definition.ts';
import { parseDefinition } from '../../../src/schemes/define/parse.ts';
import { type Plan, planDefinition } from '../../../src/schemes/define/plan/plan.ts';
import { createPreparer } from '../../../src/schemes/define/sign.ts';
import { noon } from '../../server/rig.ts';
import { ready } from '../definitions/ready.ts';
import { accessKey, nonce, partner } from './rig.ts';

const bytes = new TextEncoder().encode('{"a":1}');
const headers = new Headers({ 'content-type': 'application/json', date: 'x' });
const input = {
  message: toMessage({ method: 'POST', url: 'https://api.example.com/v1/orders?b=2&a=1' }, headers),
  accessKey,
  time: noon,
  nonce,
  body: { kind: 'bytes', bytes },
  signedHeaders: [],
  algorithm: 'hmac-sha256',
  sessionToken: undefined,
  challenge: 'abc',
} as const;
const planOf = (definition: SchemeDefinition) => planDefinition(parseDefinition(definition));
const stringOf = (plan: Plan) => createPreparer(compileDefinition(plan))(input).stringToSign;

describe('the plan of a definition', () => {
  it.each(ready)('of $definition.name is JSON, from which the same scheme is made', ({ definition }) => {
    const plan = planOf(definition);
    const read: Plan = JSON.parse(JSON.stringify(plan));
    expect(read).toEqual(plan);
    expect(stringOf(read)).toEqual(stringOf(plan));
  });

  it('names each template after those that it uses', () => {
    const values = { outer: '<{value.inner|lower}>', inner: '{method} {path}', unused: '{value.outer}!' };
    expect(Object.keys(planOf({ ...partner, values }).named)).toEqual(['value.inner', 'value.outer']);
  });
});

describe('a value of several parts', () => {
  const values = { both: '{header.x-a|default:}:{body|sha256|hex}' };

  it('is present without a header that has a default', () => {
    const plan = planOf({ ...partner, values, stringToSign: '{method}[ {value.both}]' });
    expect(stringOf(plan)).toMatch(/^POST :[\da-f]{64}$/);
  });

  it('takes no default of its own', () => {
    expect(() => defineScheme({ ...partner, values, stringToSign: '{value.both|default:x}' })).toThrow(
      'default belongs in the definition of the value',
    );
  });
});
