import type { Language, Run } from './language.ts';

/** A part of a template: what it can be, and what it is called. */
export type Segment = {
  readonly language: Language;
  /** The value's own spelling, `query|sort`; undefined for text. */
  readonly name: string | undefined;
  /** A mark in front of it that is in no text: as if it began beyond doubt. */
  readonly marked: boolean;
};

/** Segments in a row, some of them optional. */
export type Sequence = ReadonlyArray<Segment | { readonly optional: Sequence }>;

/** A text that two different rows of values render to. */
export type Ambiguity = {
  readonly text: string;
  /** What each value is, in either of them. */
  readonly one: ReadonlyMap<Segment, string>;
  readonly other: ReadonlyMap<Segment, string>;
  /** The part that begins too soon, or too late. */
  readonly disputed: Segment;
};

type Edge = { readonly characters: string; readonly segment: Segment; readonly to: number };
type State = { readonly edges: Edge[]; readonly skips: number[] };

const mark = '\uE000';

// Thompson's construction: what a sequence renders to, read character by character.
function automatonOf(sequence: Sequence): readonly State[] {
  const states: State[] = [];
  const add = (): number => states.push({ edges: [], skips: [] }) - 1;
  const skip = (from: number, to: number) => states[from]?.skips.push(to);
  const step = (from: number, edge: Omit<Edge, 'to'>, to = add()): number => {
    states[from]?.edges.push({ ...edge, to });
    return to;
  };
  const addRun = (from: number, { characters, min, max }: Run, segment: Segment): number => {
    let at = from;
    for (let i = 0; i < min; i++) at = step(at, { characters, segment });
    // Longer than the shortest is as long as you like: no shortest example needs a greatest length.
    if (max === min) return at;
    const loop = add();
    skip(at, loop);
    step(loop, { characters, segment }, loop);
    return loop;
  };
  const addSegment = (from: number, segment: Segment): number => {
    const start = segment.marked ? step(from, { characters: mark, segment }) : from;
    const end = add();
    for (const runs of segment.language)
      skip(
        runs.reduce((at, run) => addRun(at, run, segment), start),
        end,
      );
    return end;
  };
  const addAll = (from: number, parts: Sequence): number =>
    parts.reduce((at: number, part) => {
      if (!('optional' in part)) return addSegment(at, part);
      const end = addAll(at, part.optional);
      skip(at, end);
      return end;
    }, from);
  // The end is the last state that is added, so that it can be told without another name.
  skip(addAll(add(), sequence), add());
  return states;
}

type Reachable = { readonly edges: readonly Edge[]; readonly ends: boolean };

function reachableFrom(states: readonly State[], from: number): Reachable {
  const seen = new Set([from]);
  const edges: Edge[] = [];
  for (const at of seen) {
    edges.push(...(states[at]?.edges ?? []));
    for (const next of states[at]?.skips ?? []) seen.add(next);
  }
  return { edges, ends: seen.has(states.length - 1) };
}

function common(one: string, other: string): string | undefined {
  if (one === other) return one[0];
  for (const character of one) if (has(other, character)) return character;
  for (const character of other) if (has(one, character)) return character;
  return undefined;
}

// Where one character that is not ASCII can be, any can.
const has = (characters: string, one: string): boolean =>
  characters.includes(one) || (one > '\u007f' && one !== mark && characters.includes('\u00e9'));

/** Two readers of one text, each somewhere in the sequence, and how they came there. */
type Pair = {
  readonly one: number;
  readonly other: number;
  readonly before: Pair | undefined;
  readonly character: string;
  readonly oneSegment: Segment | undefined;
  readonly otherSegment: Segment | undefined;
  readonly differ: boolean;
};

/**
 * Searches for the shortest text that can be read in two ways: two readers go through it side by side, until they have been in
 * different segments and both reach the end.
 */
export function findAmbiguity(sequence: Sequence): Ambiguity | undefined {
  const states = automatonOf(sequence);
  const reachable = states.map((_, at) => reachableFrom(states, at));
  const start: Pair = {
    one: 0,
    other: 0,
    before: undefined,
    character: '',
    oneSegment: undefined,
    otherSegment: undefined,
    differ: false,
  };
  const queue = [start];
  const seen = new Set<string>();
  for (const pair of queue) {
    const one = reachable[pair.one];
    const other = reachable[pair.other];
    if (!one || !other) continue;
    if (pair.differ && one.ends && other.ends) return readingsOf(pair, sequence);
    for (const next of nextPairs(pair, one.edges, other.edges)) {
      const key = `${next.one} ${next.other} ${next.differ}`;
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(next);
    }
  }
  return undefined;
}

function* nextPairs(before: Pair, ones: readonly Edge[], others: readonly Edge[]): Generator<Pair> {
  for (const one of ones) {
    for (const other of others) {
      const character = common(one.characters, other.characters);
      if (character === undefined) continue;
      yield {
        one: one.to,
        other: other.to,
        before,
        character,
        oneSegment: one.segment,
        otherSegment: other.segment,
        differ: before.differ || one.segment !== other.segment,
      };
    }
  }
}

function readingsOf(last: Pair, sequence: Sequence): Ambiguity {
  const pairs: Pair[] = [];
  for (let pair: Pair | undefined = last; pair?.before; pair = pair.before) pairs.unshift(pair);
  const one = new Map<Segment, string>();
  const other = new Map<Segment, string>();
  for (const { character, oneSegment, otherSegment } of pairs) {
    if (character === mark) continue;
    if (oneSegment) one.set(oneSegment, (one.get(oneSegment) ?? '') + character);
    if (otherSegment) other.set(otherSegment, (other.get(otherSegment) ?? '') + character);
  }
  const order = toSegments(sequence);
  const parting = pairs.find(({ oneSegment, otherSegment }) => oneSegment !== otherSegment);
  const position = (segment: Segment | undefined) => (segment ? order.indexOf(segment) : -1);
  const at = Math.max(position(parting?.oneSegment), position(parting?.otherSegment));
  const disputed = order[at] as Segment;
  return { text: pairs.map(({ character }) => (character === mark ? '' : character)).join(''), one, other, disputed };
}

/** All segments of a sequence, in order. */
export const toSegments = (sequence: Sequence): readonly Segment[] =>
  sequence.flatMap((part) => ('optional' in part ? toSegments(part.optional) : [part]));
