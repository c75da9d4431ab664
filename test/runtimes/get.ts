import { installRuntimes } from './install.ts';

// npm run runtimes: before the tests start, because more than one of them runs things in these runtimes.
installRuntimes();
