import type { Command } from './command.ts';
import { newCredentials } from './commands/credentials.ts';
import { explain } from './commands/explain.ts';
import { gateway } from './commands/gateway.ts';
import { keysCreate } from './commands/keys/create.ts';
import { keysDelete } from './commands/keys/delete.ts';
import { keysList } from './commands/keys/list.ts';
import { keysPrune } from './commands/keys/prune.ts';
import { keysReseal } from './commands/keys/reseal.ts';
import { keysRevoke } from './commands/keys/revoke.ts';
import { keysRotate } from './commands/keys/rotate.ts';
import { keysSealingKey } from './commands/keys/sealing-key.ts';
import { keysShow } from './commands/keys/show.ts';
import { kitCheck } from './commands/kit/check.ts';
import { kitProbe } from './commands/kit/probe.ts';
import { kitServe } from './commands/kit/serve.ts';
import { kit } from './commands/kit.ts';
import { migrate } from './commands/migrate.ts';
import { prepareRedis } from './commands/prepare-redis.ts';
import { sessionsRevoke } from './commands/sessions/revoke.ts';
import { sign } from './commands/sign.ts';
import { verify } from './commands/verify.ts';

/** All commands, in the order of help. */
export const commands: readonly Command[] = [
  newCredentials,
  sign,
  verify,
  explain,
  kit,
  kitCheck,
  kitServe,
  kitProbe,
  gateway,
  migrate,
  prepareRedis,
  keysSealingKey,
  keysCreate,
  keysList,
  keysShow,
  keysRotate,
  keysRevoke,
  keysDelete,
  keysPrune,
  keysReseal,
  sessionsRevoke,
];
