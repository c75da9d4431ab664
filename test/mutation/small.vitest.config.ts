import { mergeConfig } from 'vitest/config';
import whole from './vitest.config.ts';

/** The tests of the small set: those that say what `countersign-v1` does to the byte, and what each step of verification does. */
const small = mergeConfig(whole, {});
small.test.include = [
  'test/core/{address,awaitable,digest,encoding,message,signing-key,with-target}.test.ts',
  'test/schemes/{countersign-v1/*,split-fields}.test.ts',
  'test/server/verify/*.test.ts',
  'test/vectors/{sign,verify,respond}.test.ts',
];
export default small;
