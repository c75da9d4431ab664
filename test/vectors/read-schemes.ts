import type { SchemeVectors } from './scheme-format.ts';
import file from './schemes.json' with { type: 'json' };

/** The vectors of the schemes other than `countersign-v1`. */
export const schemeVectors = file as unknown as SchemeVectors;
