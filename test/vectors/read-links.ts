import type { LinkVectors } from './link-format.ts';
import file from './links.json' with { type: 'json' };

/** The vectors of signed links. */
export const linkVectors = file as unknown as LinkVectors;
