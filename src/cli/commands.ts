import type { Command } from './command.ts';
import { explain } from './explain.ts';
import { gateway } from './gateway.ts';
import { keysCreate } from './keys-create.ts';
import { keysDelete } from './keys-delete.ts';
import { keysList } from './keys-list.ts';
import { keysPrune } from './keys-prune.ts';
import { keysReseal } from './keys-reseal.ts';
import { keysRevoke } from './keys-revoke.ts';
import { keysRotate } from './keys-rotate.ts';
import { keysSealingKey } from './keys-sealing-key.ts';
import { keysShow } from './keys-show.ts';
import { migrate } from './migrate.ts';
import { newCredentials } from './new-credentials.ts';
import { prepareRedis } from './prepare-redis.ts';
import { sign } from './sign.ts';
import { verify } from './verify.ts';

/** Every command, in the order of help. */
export const commands: readonly Command[] = [
  newCredentials,
  sign,
  verify,
  explain,
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
];
