import { Octokit } from '@octokit/rest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { World } from '../../src/embedded/world.ts'
import { control, testWorld } from './world.ts'

let world: World
let github: Octokit
const repository = { owner: 'acme', repo: 'incidents' }
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

beforeAll(async () => {
  world = await testWorld()
  github = new Octokit({ auth: 'ghp_test', baseUrl: world.githubApiUrl, log: silent })
})
afterAll(() => world.close())

const branch = async (name: string): Promise<void> => {
  const { data: main } = await github.rest.git.getRef({ ...repository, ref: 'heads/main' })
  await github.rest.git.createRef({ ...repository, ref: `refs/heads/${name}`, sha: main.object.sha })
}
const write = (name: string, text: string, sha?: string) =>
  github.rest.repos.createOrUpdateFileContents({
    ...repository,
    path: 'postmortems/2026/INC-1.md',
    branch: name,
    message: 'Write the post-mortem of INC-1',
    content: Buffer.from(text).toString('base64'),
    ...(sha === undefined ? {} : { sha }),
  })
const pull = (head: string) =>
  github.rest.pulls.create({ ...repository, head, base: 'main', title: 'Post-mortem of INC-1', body: 'Please read.' })

test('a file is proposed on a branch, once, and can be read at its address', async () => {
  await branch('inc-1')
  await write('inc-1', '# What happened\n')
  const { data: opened } = await pull('inc-1')
  expect(opened.html_url).toBe(`${world.githubApiUrl}/acme/incidents/pull/${opened.number}`)
  const page = await (await fetch(opened.html_url)).text()
  expect(page).toContain('Post-mortem of INC-1')
  expect(page).toContain('# What happened')

  await expect(pull('inc-1')).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('A pull request already exists for acme:inc-1.') as string,
  })
  await expect(pull('no-such-branch')).rejects.toMatchObject({ status: 422 })
  await github.rest.pulls.update({ ...repository, pull_number: opened.number, state: 'closed' })
  await expect(pull('inc-1')).resolves.toMatchObject({ status: 201 })
})

test('a file that has changed meanwhile is not overwritten', async () => {
  await branch('inc-2')
  const first = await write('inc-2', 'one')
  const sha = first.data.content?.sha ?? ''
  await write('inc-2', 'two', sha)
  await expect(write('inc-2', 'three', sha)).rejects.toMatchObject({ status: 409 })
  await expect(write('inc-2', 'three')).rejects.toMatchObject({ status: 422 })
})

test('a wrong token is refused, an answer can be lost after the effect', async () => {
  const stranger = new Octokit({ auth: 'ghp_wrong', baseUrl: world.githubApiUrl, log: silent })
  await expect(stranger.rest.repos.get(repository)).rejects.toMatchObject({ status: 401 })
  const ask = control(world.url)
  await branch('inc-3')
  await ask('POST', '/faults', { service: 'github', method: 'POST */pulls', kind: 'drop-after' })
  await expect(pull('inc-3')).rejects.toMatchObject({ status: 500 })
  expect((await github.rest.pulls.list({ ...repository, head: 'acme:inc-3' })).data).toHaveLength(1)
})
