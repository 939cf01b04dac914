/** Certificates made by openssl: an authority, one below it, and servers' own, valid from and until any day. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const config = `
[ca]
default_ca = test
[test]
database = index.txt
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = optional
commonName = supplied
[req]
distinguished_name = subject
[subject]
`

export type Wish = {
  /** What the certificate is called. */
  readonly name: string
  /** The names that it is for; `none` makes an authority. */
  readonly names?: readonly string[]
  /** Days from now. */
  readonly from?: number
  readonly until: number
  /** Who signs it; itself when not given. */
  readonly by?: string
}

/** Makes certificates in a folder that is removed when it is disposed. */
export const startAuthority = () => {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
  const run = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  writeFileSync(join(folder, 'openssl.cnf'), config)
  writeFileSync(join(folder, 'index.txt'), '')
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  const date = (days: number) =>
    new Date(Date.now() + days * 86_400_000)
      .toISOString()
      .replace(/[-:T]|\.\d+/g, '')
      .replace(/Z?$/, 'Z')

  /** Gives the certificate and its key. */
  const make = ({ name, names, from = -1, until, by }: Wish): { key: string; cert: string } => {
    const extensions =
      names === undefined
        ? 'basicConstraints=critical,CA:true\nkeyUsage=keyCertSign\nsubjectKeyIdentifier=hash\n'
        : `subjectAltName=${names.map((one) => (/^[\d.]+$/.test(one) ? `IP:${one}` : `DNS:${one}`)).join(',')}\n`
    writeFileSync(join(folder, `${name}.ext`), extensions)
    const subject = `/O=${by ?? name} Ltd/CN=${name}`
    run('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`)
    run('req', '-new', '-config', 'openssl.cnf', '-key', `${name}.key`, '-subj', subject, '-out', `${name}.csr`)
    const signer = by === undefined ? ['-selfsign', '-keyfile', `${name}.key`] : ['-cert', `${by}.pem`, '-keyfile', `${by}.key`]
    const dates = ['-startdate', date(from), '-enddate', date(until)]
    const files = ['-extfile', `${name}.ext`, '-in', `${name}.csr`, '-out', `${name}.pem`]
    run('ca', '-batch', '-notext', '-config', 'openssl.cnf', '-outdir', '.', ...signer, ...dates, ...files)
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) }
  }
  return { make, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}
