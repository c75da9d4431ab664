import type { Difference } from '../explain/difference.ts';
import type { SignatureExplanation } from '../explain/explanation.ts';
import type { Freshness } from '../explain/freshness.ts';
import { columns, styled } from './output.ts';
import { formatTime } from './times.ts';

/** Formats an explanation as text, stage by stage. */
export function formatExplanation(explanation: SignatureExplanation): string {
  const { verified, code, reason, scheme, fields, message, key, stringToSign, signedString, time, body, leftOut } =
    explanation;
  return [
    stage(
      `Fields of ${scheme}`,
      fields.length ? rows(fields.map(({ name, value }) => [name, showInvisible(value)])) : ['  none'],
    ),
    stage('Message', rows(Object.entries(message).map(([name, value]) => [name, showInvisible(value)]))),
    ...(key ? [stage('Key', keyInWords(key))] : []),
    ...(stringToSign === undefined ? [] : [stage('String to sign', numbered(stringToSign, signedString))]),
    ...(signedString === undefined || sameLines(stringToSign, signedString)
      ? []
      : [stage('What was signed', numbered(signedString, undefined))]),
    ...(time ? [stage('Time', [`  ${timeInWords(time)}`])] : []),
    stage('Body', bodyInWords(body)),
    stage('Verdict', [
      verified ? `  ${styled('green', 'verified')}` : `  ${styled('red', 'not verified')}: ${code}`,
      ...(reason === undefined ? [] : [`  ${showInvisible(reason)}`]),
    ]),
    ...(verified ? [] : [stage('What differs', differencesInWords(explanation))]),
    ...(leftOut.length
      ? [
          stage(
            'What was not tried',
            leftOut.map((one) => `  ${one.message} [${one.code}]`),
          ),
        ]
      : []),
  ].join('\n\n');
}

const stage = (title: string, lines: readonly string[]): string => [styled('bold', title), ...lines].join('\n');

const rows = (cells: ReadonlyArray<readonly string[]>): readonly string[] =>
  columns(cells)
    .split('\n')
    .map((line) => `  ${line}`);

function keyInWords({ accessKey, found, secrets }: NonNullable<SignatureExplanation['key']>): readonly string[] {
  if (!found) return [`  ${showInvisible(accessKey)} is unknown`];
  const lines = secrets.map(({ id, state, fits }, place) => [
    `secret ${id ?? place + 1}`,
    state,
    fits ? styled('green', 'made the signature') : 'did not make the signature',
  ]);
  return [`  ${showInvisible(accessKey)}`, ...rows(lines.length ? lines : [['no secret that the scheme can use']])];
}

const sameLines = (one = '', other = ''): boolean => one.split('\n').length === other.split('\n').length;

/** Numbers the lines. A line that was signed differently is shown as signed (-) and as expected (+). */
function numbered(text: string, signed: string | undefined): readonly string[] {
  const others = signed !== undefined && sameLines(text, signed) ? signed.split('\n') : undefined;
  return text.split('\n').flatMap((line, place) => {
    const number = `${place + 1}`.padStart(4);
    const shown = showInvisible(line) || styled('dim', '(empty)');
    const other = others?.[place];
    if (other === undefined || other === line) return [`${number}   ${shown}`];
    return [styled('red', `${number} - ${showInvisible(other) || '(empty)'}`), styled('green', `${number} + ${shown}`)];
  });
}

function timeInWords({ signedAt, expiresAt, judgedAt, tolerance, fresh }: Freshness): string {
  const parts = [
    ...(signedAt === undefined ? ['the scheme carries no time of signing'] : [`signed ${formatTime(signedAt)}`]),
    ...(expiresAt === undefined ? [] : [`ends ${formatTime(expiresAt)}`]),
    `judged ${formatTime(judgedAt)}`,
    `${tolerance} seconds are tolerated`,
  ];
  return `${fresh ? 'fresh' : styled('red', 'not fresh')}: ${parts.join(', ')}`;
}

function bodyInWords({
  bytes,
  sha256,
  signed,
  expected,
  fits,
  unknown,
}: SignatureExplanation['body']): readonly string[] {
  const how = {
    none: 'no body',
    unsigned: 'left out by the caller',
    uncovered: 'not covered by the scheme',
    signed: 'in the string to sign',
    digest: `SHA-256 ${expected}`,
    bytes: 'by a digest of another kind',
  };
  return rows([
    ['received', unknown ? 'not in the record' : `${bytes} bytes, SHA-256 ${sha256}`],
    ...(signed ? [['signed', how[signed]]] : []),
    ...(fits === undefined ? [] : [['', fits ? 'the same' : styled('red', 'not the same')]]),
  ]);
}

/** Describes each difference and its remedy, on two lines. */
export const describeDifferences = (differences: readonly Difference[]): readonly string[] =>
  differences.flatMap(({ message, remedy, proven, code }, place) => [
    `  ${place + 1}. ${showInvisible(message)}${proven ? '' : ' (likely, not certain)'} [${code}]`,
    `     ${showInvisible(remedy)}`,
  ]);

function differencesInWords({ differences }: SignatureExplanation): readonly string[] {
  const lines = describeDifferences(differences);
  return lines.length
    ? lines
    : [
        '  No variation produces the signature: neither of address, path, query, headers and body, nor of how the string to sign',
        '  is written, nor of how the secret is used. Compare the string to sign with the one that the caller signs, line by line.',
        '  If they are the same, the secrets differ. If callers use another name for this host, name it with --try-origin.',
      ];
}

/**
 * Makes invisible characters visible: control characters, tabs, unusual spaces and zero-width characters get a name; spaces at the
 * ends and repeated spaces get a dot. Other text is unchanged, so that it can be read and copied.
 */
export const showInvisible = (text: string): string =>
  text
    .replace(/^ +| +$| {2,}/g, (blanks) => '·'.repeat(blanks.length))
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]|(?! )\p{Zs}/gu, named);

function named(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Unicode has pictures for control characters.
  if (code < 32) return String.fromCodePoint(0x2400 + code);
  return code === 127 ? '␡' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
