/** Options that many kinds of check have. */
import { z } from 'zod'

/** The name under which a secret stands in the environment: never the secret. */
export const SecretName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of an environment variable in capitals, never the secret itself')
