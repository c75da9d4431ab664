import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Killable, killable } from '../stores/killable.ts';
import { freePort } from '../stores/port.ts';
import { selfSigned } from './certificate.ts';

/** Debian keeps it out of the path of who is not root. */
export const nginx = '/usr/sbin/nginx';

/** What a configuration of nginx may name. */
export type NginxPlaces = {
  /** Free, on 127.0.0.1; reached when nginx is told to listen there. */
  readonly port: number;
  /** Files with a certificate for localhost and 127.0.0.1, signed by itself, and its private key. */
  readonly certificate: string;
  readonly certificateKey: string;
  /** An empty folder of this server's own. */
  readonly folder: string;
};

/** A real nginx of this test's own. */
export type Nginx = Pick<Killable, 'kill' | 'restart'> & {
  readonly port: number;
  /** The certificate in PEM, for clients to believe. */
  readonly ca: string;
  /** What it has written to its log of errors. */
  errors(): string;
  close(): Promise<void>;
};

/** Starts nginx with what `configure` returns for its block `http`. */
export async function startNginx(configure: (places: NginxPlaces) => string): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-nginx-'));
  const port = await freePort();
  const certificate = join(folder, 'certificate.pem');
  const certificateKey = join(folder, 'key.pem');
  const { cert, key } = selfSigned();
  writeFileSync(certificate, cert);
  writeFileSync(certificateKey, key);
  const log = join(folder, 'errors.log');
  writeFileSync(join(folder, 'nginx.conf'), whole(configure({ port, certificate, certificateKey, folder }), folder));
  const start = () => spawn(nginx, ['-p', folder, '-e', log, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const errors = () => readFileSync(log, 'utf8');
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const { kill, restart } = await killable(start, port).catch((cause) => {
    const reason = errors();
    remove();
    throw new Error(`nginx does not start: ${reason}`, { cause });
  });
  return {
    port,
    ca: cert,
    errors,
    kill,
    restart,
    async close() {
      await kill();
      remove();
    },
  };
}

// One process, so that it is gone when it is killed. Nothing is written but below the folder.
const whole = (http: string, folder: string): string => `
daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/errors.log;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
${http}
}
`;
