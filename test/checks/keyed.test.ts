import brevo from '../../src/checks/brevo.ts'
import clerk from '../../src/checks/clerk.ts'
import deepseek from '../../src/checks/deepseek.ts'
import gemini from '../../src/checks/gemini.ts'
import github from '../../src/checks/github.ts'
import openai from '../../src/checks/openai.ts'
import paypal from '../../src/checks/paypal.ts'
import resend from '../../src/checks/resend.ts'
import secretsKind from '../../src/checks/secrets.ts'
import sendgrid from '../../src/checks/sendgrid.ts'
import sentry from '../../src/checks/sentry.ts'
import stripe from '../../src/checks/stripe.ts'
import vercel from '../../src/checks/vercel.ts'
import { keyed } from './keyed.ts'

const secret = 'VENDOR_KEY'
const secrets = { [secret]: 'sk_test_51ConformanceValue' }
const asks = [
  { ask: 'account' },
  { ask: 'webhooks' },
  { ask: 'deliveries', success: 99 },
  { ask: 'payments', failures: 5 },
  { ask: 'subscriptions' },
  { ask: 'suspicious', declines: 5 },
  { ask: 'revenue' },
] as const

for (const asked of asks)
  keyed(`stripe ${asked.ask}`, stripe, {
    options: (apiUrl) => ({ secret, apiUrl, ...asked }),
    secrets,
  })
keyed('resend', resend, { options: (apiUrl) => ({ secret, apiUrl, delivery: 95 }), secrets })
keyed('brevo', brevo, { options: (apiUrl) => ({ secret, apiUrl, delivery: 95, credits: 10 }), secrets })
keyed('sendgrid', sendgrid, { options: (apiUrl) => ({ secret, apiUrl, delivery: 95, credits: 10 }), secrets, mayFail: true })
keyed('openai', openai, { options: (apiUrl) => ({ secret, apiUrl, model: 'gpt-4-turbo' }), secrets, mayFail: true })
keyed('gemini', gemini, { options: (apiUrl) => ({ secret, apiUrl, model: 'gemini-2.5-flash' }), secrets, mayFail: true })
keyed('deepseek', deepseek, { options: (apiUrl) => ({ secret, apiUrl, balance: 5 }), secrets })
keyed('clerk', clerk, { options: (apiUrl) => ({ secret, apiUrl }), secrets })
keyed('paypal', paypal, {
  options: (apiUrl) => ({ secret, clientIdSecret: 'PAYPAL_ID', apiUrl, events: ['PAYMENT.CAPTURE.*'] }),
  secrets: { ...secrets, PAYPAL_ID: 'client-id-of-paypal' },
})
keyed('sentry', sentry, {
  options: (apiUrl) => ({ secret, apiUrl, organization: 'acme', security: 'is:unresolved security' }),
  secrets,
  // No issue is a right answer.
  right: ['[]'],
})

const vercelAsks = [
  { ask: 'deployment' },
  { ask: 'errors' },
  { ask: 'errors', log: 'live', listenMs: 1000 },
  { ask: 'functions' },
  { ask: 'changes' },
] as const
for (const asked of vercelAsks)
  keyed(`vercel ${asked.ask} ${'log' in asked ? asked.log : ''}`.trim(), vercel, {
    options: (apiUrl) => ({ secret, apiUrl, project: 'shop', team: 'acme', ...asked }),
    secrets,
  })

keyed('github changes', github, { options: (apiUrl) => ({ ask: 'changes' as const, secret, apiUrl, repository: 'acme/shop' }), secrets })
keyed('github workflows', github, {
  options: (apiUrl) => ({ ask: 'workflows' as const, secret, apiUrl, repository: 'acme/shop' }),
  secrets,
})

keyed('secrets', secretsKind, {
  options: (apiUrl) => ({ from: 'vercel' as const, secret, apiUrl, project: 'shop', names: { STRIPE_SECRET_KEY: { prefix: 'sk_live_' } } }),
  secrets,
  mayFail: true,
})
