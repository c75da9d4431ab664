import type { PlannedPart, PlannedTemplate } from '../../schemes/define/plan/template.ts';
import { describeField, describeValue } from './describe-value.ts';

/** A line of a template, in words. */
type Line = readonly string[];

/** Describes a template in words, one sentence for each line of its text. */
export function describeTemplate({ parts }: Pick<PlannedTemplate, 'parts'>): readonly string[] {
  const lines = parts.reduce<readonly Line[]>((before, part) => append(before, describePart(part)), [[]]);
  return lines.map((pieces) => (pieces.length ? pieces.join(', then ') : 'an empty line'));
}

// The first of the new lines continues the last one.
function append(before: readonly Line[], [first = [], ...others]: readonly Line[]): readonly Line[] {
  return [...before.slice(0, -1), [...(before.at(-1) ?? []), ...first], ...others];
}

function describePart(part: PlannedPart): readonly Line[] {
  if (part.kind === 'text') return part.text.split('\n').map((text) => (text ? [formatText(text)] : []));
  if (part.kind === 'value') return [[describeValue(part)]];
  const inner = describeTemplate(part).filter((line) => line !== 'an empty line');
  const begins = part.parts[0]?.kind === 'text' && part.parts[0].text.startsWith('\n');
  const last = part.parts.at(-1);
  const ends = last?.kind === 'text' && last.text.endsWith('\n');
  const [field = ''] = part.absentable.split('|');
  return [
    [
      `only if the request has ${describeField(field)}: ${begins ? 'a line feed, ' : ''}${inner.join('; a line feed; ')}${ends ? ', then a line feed' : ''}`,
    ],
  ];
}

const names: Readonly<Record<string, string>> = { ' ': 'a space', '\t': 'a tab' };

const formatText = (text: string): string => names[text] ?? `\`${text.replace(/\t/g, '⇥')}\``;
