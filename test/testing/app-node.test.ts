// @vitest-environment node
import { describeApp } from './app-suite.ts';

describeApp();
