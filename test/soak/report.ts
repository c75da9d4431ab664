import { columns } from '../bench/report.ts';
import type { Endured } from './faults.ts';
import { bounds, type Held } from './memory.ts';
import type { Size } from './sizing.ts';
import type { Speed } from './speed.ts';

const percent = (part: number): string => `${(part * 100).toFixed(0)} %`;
const thousands = (count: number): string => Math.round(count).toLocaleString('en').replaceAll(',', ' ');
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const milliseconds = (us: number): string => `${(us / 1000).toFixed(1)} ms`;

export const speedTable = (speeds: readonly Speed[]): string =>
  columns([
    ['server', '', 'requests/s', 'p99', 'CPU each', 'load CPU each', 'keeps', 'by CPU', 'target', ''],
    ...speeds.flatMap(({ name, bare, verified, ratio, cpuRatio, target }) => [
      [name, 'bare', ...figures(bare)],
      ['', 'verified', ...figures(verified), percent(ratio), percent(cpuRatio), percent(target), met(ratio >= target)],
    ]),
  ]);

const figures = ({ perSecond, p99, cpu, loadCpu }: Speed['bare']): readonly string[] => [
  thousands(perSecond),
  milliseconds(p99),
  `${cpu.toFixed(1)} us`,
  `${loadCpu.toFixed(1)} us`,
];

const met = (is: boolean): string => (is ? 'met' : 'MISSED');

export const memoryTable = (all: readonly Held[]): string =>
  columns([
    ['', 'done', 'accepted', 'refused', 'heap after GC', 'RSS'],
    ...all.flatMap(({ name, samples, growth }) => [
      ...samples.map(({ done, accepted, refused, heap, rss }, i) => [
        i ? '' : name,
        ...[done, accepted, refused].map(thousands),
        mebibytes(heap),
        mebibytes(rss),
      ]),
      ['', 'grew by', '', '', mebibytes(growth.heap), mebibytes(growth.rss)],
      ['', 'at most', '', '', mebibytes(bounds.heap), mebibytes(bounds.rss)],
    ]),
  ]);

export const faultTable = (all: readonly Endured[]): string =>
  columns([
    ['fault under load', 'accepted', 'refused by 503', 'claims', 'served again after', 'wrong'],
    ...all.map(({ name, accepted, refused, claims, recovery, wrong }) => [
      name,
      thousands(accepted),
      thousands(refused),
      claims === undefined ? '' : thousands(claims),
      `${recovery.toFixed(0)} ms`,
      wrong.join('; ') || 'nothing',
    ]),
  ]);

export const sizeTable = (all: readonly Size[]): string =>
  columns([
    ['nonces in', 'claimed', 'bytes each', 'claims/s'],
    ...all.map(({ name, nonces, bytesEach, claimsPerSecond }) => [
      name,
      thousands(nonces),
      bytesEach.toFixed(0),
      thousands(claimsPerSecond),
    ]),
  ]);
