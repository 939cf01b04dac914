/** Which pieces of a secret are known again (faults 58). */
import { expect, test } from 'vitest'
import { fragmentMask } from '../../src/checking/fragment.ts'

test('the name of a database is no secret, what nobody knows of a path on the web is', () => {
  const mask = fragmentMask([
    'postgres://shop:Tulip9harbour@db.example/production-of-the-shop',
    'https://hooks.example/services/T0AB12CD34EF56GH78',
  ])
  expect(mask('Applied 2 migrations to production-of-the-shop')).toBe('Applied 2 migrations to production-of-the-shop')
  expect(mask('as Tulip9harbour')).toBe('as ***')
  expect(mask('at T0AB12CD34EF56GH78')).toBe('at ***')
})
