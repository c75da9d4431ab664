import { memoryRevokedSessions } from 'countersign/server';
import { describe } from 'vitest';
import { revokedSessionsContract } from './revoked-sessions-contract.ts';

describe('memoryRevokedSessions', () => {
  const shared = memoryRevokedSessions();
  revokedSessionsContract(() => shared);
});
