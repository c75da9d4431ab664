import { bytesToSign, hex } from '../../../src/core/encoding.ts';
import { toMessage } from '../../../src/core/message.ts';
import type { Scheme, ToSign } from '../../../src/core/scheme.ts';
import type { SigningKey } from '../../../src/core/signing-key.ts';
import { bytesOf } from '../../vectors/format.ts';
import { schemeVectors } from '../../vectors/read-schemes.ts';
import { fieldsOf, inputOf, isSignedLikeAnother, type SchemeCase, schemeOf } from '../../vectors/scheme-format.ts';
import { equal } from './check.ts';
import type { StageCheck } from './vector-stages.ts';

function atOnce<Value extends object>(value: Value | Promise<Value>): Value {
  if ('then' in value) throw new Error('A key made of a text answers at once.');
  return value;
}

function each(made: string, check: (one: SchemeCase, scheme: Scheme) => void): void {
  for (const one of schemeVectors.cases) {
    if (one.scheme.made !== made) continue;
    try {
      check(one, schemeOf(one.scheme));
    } catch (error) {
      throw new Error(`${one.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

function signs(one: SchemeCase, scheme: Scheme): void {
  const prepared = scheme.prepare(inputOf(one, scheme));
  const { stringToSign, headers, target } = one.stages;
  equal(hex(bytesToSign(prepared.stringToSign)), hex(bytesOf(stringToSign)), 'the string to sign');
  const key = scheme.createKey(one.secret);
  const own = prepared.deriveKey ? atOnce(prepared.deriveKey(key)) : key;
  const signature = atOnce(own.sign(bytesToSign(prepared.stringToSign)));
  equal(Object.entries(prepared.headers(signature)), headers, 'the headers');
  equal(prepared.target?.(signature), target, 'the target');
}

function reads(one: SchemeCase, scheme: Scheme): void {
  const { method, url, headers, body } = one.request;
  const sent = one.stages.target ? url.replace(/^(\w+:\/\/[^/]+).*/, (_, origin) => origin + one.stages.target) : url;
  const message = toMessage({ method, url: sent }, fieldsOf([...headers, ...one.stages.headers]));
  if (isSignedLikeAnother(one)) {
    equal(
      refusalBy(() => scheme.read(message)),
      'malformed_field',
      'the refusal',
    );
    return;
  }
  const presented = scheme.read(message);
  const bytes = bytesOf(body);
  const given = presented.stringToSign;
  const string: ToSign = typeof given === 'function' ? given(bytes) : given;
  equal(hex(bytesToSign(string)), hex(bytesOf(one.stages.stringToSign)), 'the string that is read');
  const key = scheme.createKey(one.secret);
  const own: SigningKey = presented.deriveKey ? atOnce(presented.deriveKey(key)) : key;
  equal(
    presented.signatures.map((signature) => own.verify(bytesToSign(string), signature)),
    [true],
    'whether the signature is valid',
  );
}

function refusalBy(read: () => unknown): unknown {
  try {
    read();
    return undefined;
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
}

const made = [...new Set(schemeVectors.cases.map(({ scheme }) => scheme.made))];

/** Both halves of each scheme, without promises and without anything of a platform. */
export const schemeStageChecks: readonly StageCheck[] = made.flatMap((name) => [
  { name: `${name}: string, headers and target of every vector`, run: () => each(name, signs) },
  { name: `${name}: every vector is read and verified`, run: () => each(name, reads) },
]);
