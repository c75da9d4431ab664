// @vitest-environment happy-dom
import { describeApp } from './app-suite.ts';

describeApp();
