import file from './countersign-v1.json' with { type: 'json' };
import type { Vectors } from './format.ts';

/** The published vectors. */
export const vectors = file as unknown as Vectors;
