// @vitest-environment jsdom
import { describeApp } from './app-suite.ts';

describeApp();
