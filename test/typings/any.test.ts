import * as client from 'countersign';
import * as hooks from 'countersign/ky';
import * as server from 'countersign/server';
import { expect, expectTypeOf, it } from 'vitest';

type IsAny<Type> = 0 extends 1 & Type ? true : false;
type HasAny<List extends readonly unknown[]> = List extends readonly [infer First, ...infer Rest]
  ? IsAny<First> extends true
    ? true
    : HasAny<Rest>
  : false;
type Settled<Type> = Type extends Promise<infer Value> ? Value : Type;

/** The members of a module that are any, or that take or give any. */
type Loose<Module> = {
  [Name in keyof Module]: IsAny<Module[Name]> extends true
    ? Name
    : Module[Name] extends (...given: infer Given) => infer Result
      ? true extends HasAny<Required<Given>> | IsAny<Result> | IsAny<Settled<Result>>
        ? Name
        : never
      : never;
}[keyof Module];

/** The members of an object that are any, or functions that take or give any. */
type LooseIn<Made extends (...given: never[]) => unknown> = Loose<Required<Settled<ReturnType<Made>>>>;

it('takes and gives any nowhere', () => {
  expectTypeOf<Loose<typeof client>>().toBeNever();
  expectTypeOf<Loose<typeof hooks>>().toBeNever();
  expectTypeOf<Loose<typeof server>>().toBeNever();
  expectTypeOf<LooseIn<typeof client.createSigner>>().toBeNever();
  expectTypeOf<LooseIn<typeof hooks.signingHooks>>().toBeNever();
  expectTypeOf<LooseIn<typeof server.createVerifier>>().toBeNever();
  expectTypeOf<LooseIn<typeof server.memoryKeys>>().toBeNever();
  expectTypeOf<LooseIn<typeof server.memoryReplay>>().toBeNever();
  expectTypeOf<Loose<Required<client.SignerOptions>>>().toBeNever();
  expectTypeOf<Loose<Required<client.RequestParts>>>().toBeNever();
  expectTypeOf<Loose<Required<server.VerifierOptions>>>().toBeNever();
  expectTypeOf<Loose<Required<server.KeyRecord>>>().toBeNever();
  expect([client, hooks, server].map((door) => Object.keys(door).length > 0)).toEqual([true, true, true]);
});

it('would see any where it is', () => {
  const parse = { a: JSON.parse, b: (text: string) => text, c: Promise.resolve(1) };
  expectTypeOf<Loose<typeof parse>>().toEqualTypeOf<'a'>();
  expectTypeOf<Loose<{ a: ReturnType<typeof JSON.parse>; b: unknown; c: never }>>().toEqualTypeOf<'a'>();
  expectTypeOf<Loose<{ a: (...given: Parameters<typeof console.log>) => void }>>().toEqualTypeOf<'a'>();
  expectTypeOf<Loose<{ a: (given: ReturnType<typeof JSON.parse>) => void; b(): void }>>().toEqualTypeOf<'a'>();
  expectTypeOf<Loose<{ a: () => Promise<ReturnType<typeof JSON.parse>> }>>().toEqualTypeOf<'a'>();
  expect(parse.b('x')).toBe('x');
});
