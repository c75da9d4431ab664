import { mergeConfig } from 'vitest/config';
import whole from './vitest.config.ts';

/** The tests of single steps of verification. */
const verify = mergeConfig(whole, {});
verify.test.include = ['test/server/verify/*.test.ts'];
export default verify;
