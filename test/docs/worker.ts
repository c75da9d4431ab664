import { startWorkerd, type Workerd } from '../stores/workerd.ts';
import type { Example } from './generate.ts';
import { accessKey, secret } from './prelude.ts';

/** Starts an example that exports a Worker and the class of its objects in a real workerd, with the credentials of this process. */
export const startWorker = ({ file, code }: Example): Promise<Workerd> =>
  startWorkerd({
    entry: file,
    classes: { [/\benv\.(\w+)/.exec(code)?.[1] ?? '']: /^export class (\w+)/m.exec(code)?.[1] ?? '' },
    plugins: [
      {
        name: 'prelude',
        setup({ onLoad }) {
          const contents = `export const [accessKey, secret] = ${JSON.stringify([accessKey, secret])};`;
          onLoad({ filter: /\/prelude\.ts$/ }, () => ({ contents }));
        },
      },
    ],
  });
