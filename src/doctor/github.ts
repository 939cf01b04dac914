/** GitHub: whether the token can propose post-mortems. A real read, and what the repository says of the token's rights. */
import { PortFault } from '../ports.ts'
import { error, faulty, type Finding, ok, warning } from './finding.ts'

export type Repository = {
  readonly repository: () => Promise<{
    readonly name: string
    readonly archived: boolean
    readonly private: boolean
    readonly push: boolean | null
    readonly expires: string | null
  }>
  readonly readContents: () => Promise<void>
  readonly readPulls: () => Promise<void>
}

const rights = 'Give the token read and write access to contents and pull requests of GITHUB_REPOSITORY.'

/** A token that expires sooner than this is worth a word. */
const soonDays = 14

const expiry = (expires: string | null, now: number): Finding[] => {
  const days = expires === null ? Number.NaN : (Date.parse(expires) - now) / 86_400_000
  if (!(days < soonDays)) return []
  return [warning('GITHUB_TOKEN', `expires on ${expires}`, 'Make a new one and set it before then.')]
}

/** `now`: milliseconds since 1970. */
export const examineGitHub = async (host: Repository, now: () => number): Promise<Finding[]> => {
  try {
    const { name, archived, private: closed, push, expires } = await host.repository()
    await host.readContents()
    await host.readPulls()
    return [
      ok('GitHub', `${name} can be read`),
      ...(archived
        ? [error('GitHub', `${name} is archived: nothing can be proposed to it`, 'Unarchive it, or set GITHUB_REPOSITORY.')]
        : []),
      ...(push === false ? [error('GitHub', `the token may not write to ${name}`, rights)] : []),
      ...(push === true ? [ok('GitHub', 'whoever the token belongs to may write')] : []),
      ...(push === null ? [warning('GitHub', `does not say whether the token may write to ${name}`, rights)] : []),
      ...(closed
        ? []
        : [warning('GitHub', `${name} is public: everybody can read the post-mortems`, 'Make it private, unless that is meant.')]),
      ...expiry(expires, now()),
    ]
  } catch (fault) {
    if (!(fault instanceof PortFault)) throw fault
    return [faulty('GitHub', fault, fault.code === 'gone' ? `Check GITHUB_REPOSITORY. ${rights}` : rights)]
  }
}
