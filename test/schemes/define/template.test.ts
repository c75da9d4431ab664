import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Part, parseTemplate } from '../../../src/schemes/define/template.ts';

const text = fc.string({ unit: fc.constantFrom('a', '{', '}', '[', ']', '\n', ' ', '|', ':'), minLength: 1 });
const escaped = (plain: string) => plain.replace(/[{}[\]]/g, '$&$&');
const value = fc.tuple(
  fc.constantFrom('method', 'header.x-date', 'value.hash'),
  fc.array(fc.constantFrom('sort', 'truncate:8', 'default:', 'list:,v1=')),
);
const written = ([field, filters]: [string, string[]]) => `{${[field, ...filters].join('|')}}`;

function shown(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      if (part.kind === 'text') return escaped(part.text);
      if (part.kind === 'optional') return `[${shown(part.parts)}]`;
      const filters = part.filters.map(({ name, argument }) => (argument === undefined ? name : `${name}:${argument}`));
      return `{${[part.field, ...filters].join('|')}}`;
    })
    .join('');
}

const parse = (template: string) => parseTemplate('stringToSign', template);

describe('a template', () => {
  it('is text and values in turn', () => {
    expect(parse('{method}\n{query|sort:name|truncate:8}!')).toEqual([
      { kind: 'value', field: 'method', filters: [], at: 0 },
      { kind: 'text', text: '\n', at: 8 },
      {
        kind: 'value',
        field: 'query',
        filters: [
          { name: 'sort', argument: 'name', at: 16 },
          { name: 'truncate', argument: '8', at: 26 },
        ],
        at: 9,
      },
      { kind: 'text', text: '!', at: 37 },
    ]);
  });

  it('has optional parts in brackets', () => {
    expect(parse('a[, {body}]')).toEqual([
      { kind: 'text', text: 'a', at: 0 },
      {
        kind: 'optional',
        parts: [
          { kind: 'text', text: ', ', at: 2 },
          { kind: 'value', field: 'body', filters: [], at: 4 },
        ],
        at: 1,
      },
    ]);
  });

  it('knows headers by their names in lower case', () => {
    expect(parse('{header.X-Date}')).toMatchObject([{ field: 'header.x-date' }]);
  });

  it('reads any text back, once braces and brackets are doubled', () => {
    fc.assert(
      fc.property(text, (plain) => {
        expect(parse(escaped(plain))).toEqual([{ kind: 'text', text: plain, at: 0 }]);
      }),
    );
  });

  it('is written back as it was', () => {
    const simple = fc.oneof(text.map(escaped), value.map(written));
    // A bracket that begins or ends a segment would double the segment's own.
    const segment = fc.array(value.map(written), { minLength: 1 }).map((parts) => `[${parts.join(' ')}]`);
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            simple,
            segment.map((one) => ` ${one} `),
          ),
        ),
        (parts) => {
          const template = parts.join('');
          expect(shown(parse(template))).toBe(template);
        },
      ),
    );
  });

  it.each([
    ['{method', 'this { has no }', 1],
    ['a}b', 'this } has no {', 2],
    ['a[{body}', 'this [ has no ]', 2],
    ['a]', 'this ] has no [', 2],
    ['[a[{body}]', 'brackets cannot be nested', 3],
    ['{method}\n{ path}', '" path" is not a field name', 11],
    ['{}', '"" is not a field name', 2],
    ['{path|}', '"" is not a filter name', 7],
    ['{path|lower|tru ncate:1}', '"tru ncate" is not a filter name', 13],
  ])('refuses %j: %s', (template, problem, character) => {
    expect(() => parse(template)).toThrow(`stringToSign, character ${character}: ${problem}`);
  });

  it('shows the line and the character', () => {
    expect(() => parse('{method}\n{path|}\n{body}')).toThrow(
      'stringToSign, character 16: "" is not a filter name.\n  {path|}\n        ^',
    );
  });
});
