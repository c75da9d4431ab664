import EdgeGrid from 'akamai-edgegrid';
import { akamaiEdgeGrid, defineScheme } from 'countersign/schemes';
import { accessKey, contentType, host, type Input, type Inputs, secret } from './inputs.ts';
import type { Row } from './rows.ts';
import { accepts, type Measurable, sent } from './scheme-rows.ts';

const clientToken = 'akab-client-token-xxx';
export const edgeGrid: Measurable = {
  scheme: defineScheme(akamaiEdgeGrid({ clientToken })),
  acceptFindings: ['body-unsigned'],
};

const grid = new EdgeGrid(clientToken, secret, accessKey, `https://${host}`);

function sign({ method, url, text }: Input): string {
  const path = url.slice(`https://${host}`.length);
  const headers = text ? { 'content-type': contentType } : {};
  const { Authorization } = grid.auth({ path, method, headers, ...(text && { body: text }) }).request.headers;
  return Authorization;
}

/** It only signs: whoever receives is Akamai. */
export const edgeGridRow = ({ next }: Inputs): Row => ({
  name: 'akamai-edgegrid',
  run: () => sign(next()),
  check: () => {
    const input = next();
    return accepts(edgeGrid, sent(input, { authorization: sign(input) }));
  },
});
