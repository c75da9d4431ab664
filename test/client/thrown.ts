import { SignatureError } from 'countersign';

/** The code of what `run` throws; another error as it is. */
export const codeOf = (run: () => unknown): unknown => {
  try {
    run();
    return 'nothing thrown';
  } catch (error) {
    return error instanceof SignatureError ? error.code : error;
  }
};
