import type { Language, Run } from './language.ts';

/** A part of a template: its possible texts and its name. */
export type Segment = {
  readonly language: Language;
  /** The value as written in the template, `query|sort`; undefined for text. */
  readonly name: string | undefined;
  /** Whether an artificial mark precedes it, which occurs in no text and so makes its beginning unambiguous. */
  readonly marked: boolean;
};

/** A sequence of segments, some of them optional. */
export type Sequence = ReadonlyArray<Segment | { readonly optional: Sequence }>;

/** A text that two different sets of values render to. */
export type Ambiguity = {
  readonly text: string;
  /** The value of each segment, in either reading. */
  readonly one: ReadonlyMap<Segment, string>;
  readonly other: ReadonlyMap<Segment, string>;
  /** The segment whose beginning differs between the readings. */
  readonly disputed: Segment;
};

type Edge = { readonly characters: string; readonly segment: Segment; readonly to: number };
type State = { readonly edges: Edge[]; readonly skips: number[] };

// Private characters of Unicode. Each segment has one of its own: two values in brackets must not be taken for each other.
const firstMark = 0xe000;
const isMark = (character: string): boolean => /[\ue000-\uf8ff]/.test(character);

// Thompson's construction of an automaton that reads the texts of a sequence character by character.
function buildAutomaton(sequence: Sequence): readonly State[] {
  const states: State[] = [];
  const order = toSegments(sequence);
  const add = (): number => states.push({ edges: [], skips: [] }) - 1;
  const skip = (from: number, to: number) => states[from]?.skips.push(to);
  const step = (from: number, edge: Omit<Edge, 'to'>, to = add()): number => {
    states[from]?.edges.push({ ...edge, to });
    return to;
  };
  const addRun = (from: number, { characters, min, max }: Run, segment: Segment): number => {
    let at = from;
    for (let i = 0; i < min; i++) at = step(at, { characters, segment });
    // Above the minimum the length is unbounded: the shortest example never needs the maximum.
    if (max === min) return at;
    const loop = add();
    skip(at, loop);
    step(loop, { characters, segment }, loop);
    return loop;
  };
  const addSegment = (from: number, segment: Segment): number => {
    const mark = String.fromCharCode(firstMark + order.indexOf(segment));
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
  // The end is the last state.
  skip(addAll(add(), sequence), add());
  return states;
}

type Reachable = { readonly edges: readonly Edge[]; readonly ends: boolean };

function findReachable(states: readonly State[], from: number): Reachable {
  const seen = new Set([from]);
  const edges: Edge[] = [];
  for (const at of seen) {
    edges.push(...(states[at]?.edges ?? []));
    for (const next of states[at]?.skips ?? []) seen.add(next);
  }
  return { edges, ends: seen.has(states.length - 1) };
}

function findCommonCharacter(one: string, other: string): string | undefined {
  if (one === other) return one[0];
  for (const character of one) if (contains(other, character)) return character;
  for (const character of other) if (contains(one, character)) return character;
  return undefined;
}

// One non-ASCII character stands for all of them.
const contains = (characters: string, one: string): boolean =>
  characters.includes(one) || (one > '\u007f' && !isMark(one) && characters.includes('\u00e9'));

/** The positions of two readers in the sequence, and the pair from which they came. */
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
 * Searches for the shortest text with two readings: two readers process it in parallel until they have been in different segments and
 * both reach the end.
 */
export function findAmbiguity(sequence: Sequence): Ambiguity | undefined {
  const states = buildAutomaton(sequence);
  const reachable = states.map((_, at) => findReachable(states, at));
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
    if (pair.differ && one.ends && other.ends) return toAmbiguity(pair, sequence);
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
      const character = findCommonCharacter(one.characters, other.characters);
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

function toAmbiguity(last: Pair, sequence: Sequence): Ambiguity {
  const pairs: Pair[] = [];
  for (let pair: Pair | undefined = last; pair?.before; pair = pair.before) pairs.unshift(pair);
  const one = new Map<Segment, string>();
  const other = new Map<Segment, string>();
  for (const { character, oneSegment, otherSegment } of pairs) {
    if (isMark(character)) continue;
    if (oneSegment) one.set(oneSegment, (one.get(oneSegment) ?? '') + character);
    if (otherSegment) other.set(otherSegment, (other.get(otherSegment) ?? '') + character);
  }
  const order = toSegments(sequence);
  const divergence = pairs.find(({ oneSegment, otherSegment }) => oneSegment !== otherSegment);
  const position = (segment: Segment | undefined) => (segment ? order.indexOf(segment) : -1);
  const at = Math.max(position(divergence?.oneSegment), position(divergence?.otherSegment));
  const disputed = order[at] as Segment;
  return { text: pairs.map(({ character }) => (isMark(character) ? '' : character)).join(''), one, other, disputed };
}

/** Lists all segments of a sequence, in order. */
export const toSegments = (sequence: Sequence): readonly Segment[] =>
  sequence.flatMap((part) => ('optional' in part ? toSegments(part.optional) : [part]));
