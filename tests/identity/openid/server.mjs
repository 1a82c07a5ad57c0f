// A real OpenID Connect server for the tests. Reads its set-up as JSON from standard input: {client, keys}; prints its address once
// it answers; ends when standard input does.
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const lines = []
process.stdin.setEncoding('utf8')
process.stdin.on('end', () => process.exit(0))
process.stdin.on('data', (text) => {
  lines.push(text)
  if (text.includes('\n')) begin(JSON.parse(lines.join('').split('\n')[0]))
})

function begin({ client, keys }) {
  const server = createServer()
  server.listen(0, '127.0.0.1', () => {
    const issuer = `http://127.0.0.1:${server.address().port}`
    const provider = new Provider(issuer, {
      clients: [client],
      jwks: { keys },
      cookies: { keys: ['of the tests alone'] },
      pkce: { required: () => true },
      claims: { openid: ['sub', 'staff_number'] },
      conformIdTokenClaims: false,
      // Whoever signs in is who they say: the password of the form is not looked at.
      findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({ sub: id, staff_number: id.replace('subject-', '') }),
      }),
      // Nobody is asked for consent: the bank's own server serves the bank's own systems.
      loadExistingGrant: async (context) => {
        const grant = new context.oidc.provider.Grant({
          clientId: context.oidc.client.clientId,
          accountId: context.oidc.session.accountId,
        })
        grant.addOIDCScope('openid')
        await grant.save()
        return grant
      },
    })
    server.on('request', provider.callback())
    process.stdout.write(`${issuer}\n`)
  })
}
