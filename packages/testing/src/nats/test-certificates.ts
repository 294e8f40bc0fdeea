import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** PEM texts of an authority, and of a server (127.0.0.1, localhost) and a client that it signed. */
export interface TestCertificates {
  readonly authority: string;
  readonly server: { readonly certificate: string; readonly key: string };
  /** A server's of another name. */
  readonly stranger: { readonly certificate: string; readonly key: string };
  readonly client: { readonly certificate: string; readonly key: string };
}

/** Makes certificates for two days. Needs `openssl`. */
export async function testCertificates(): Promise<TestCertificates> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-certificates-'));
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    await openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=test CA',
    );
    const signed = async (name: string, extensions: string) => {
      await writeFile(join(folder, `${name}.ext`), extensions);
      await openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`];
      await openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...by);
      return { certificate: await read(`${name}.pem`), key: await read(`${name}.key`) };
    };
    const server = await signed('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n');
    const stranger = await signed('stranger', 'subjectAltName=DNS:elsewhere.test\nextendedKeyUsage=serverAuth\n');
    const client = await signed('client', 'extendedKeyUsage=clientAuth\n');
    return { authority: await read('ca.pem'), server, stranger, client };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
