import { mergeConfig } from 'vitest/config';
import whole from './vitest.config.ts';

/** The tests of the small set: those that say to the byte what `countersign-v1` and its parts do. */
const small = mergeConfig(whole, {});
small.test.include = [
  'test/core/{address,awaitable,digest,encoding,message,signing-key,with-target}.test.ts',
  'test/schemes/{countersign-v1/*,split-fields}.test.ts',
  'test/vectors/{sign,verify,respond}.test.ts',
];
export default small;
