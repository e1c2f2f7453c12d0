// openid-client as an app's maker would use it. Talks to the test in lines of JSON: see test_node_clients.py.
import * as client from 'openid-client'
import { ask, given, say } from './conversation.mjs'

const authentication = given.client_secret ? client.ClientSecretPost(given.client_secret) : client.None()
const config = await client.discovery(new URL(given.issuer), given.client_id, undefined, authentication, {
  algorithm: 'oauth2',
  execute: [client.allowInsecureRequests],
})

const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirect_uri,
  scope: given.scope,
  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})

const callback = new URL(await ask({ authorize: url.href }))
const first = await client.authorizationCodeGrant(config, callback, {
  pkceCodeVerifier: verifier,
  expectedState: state,
})
await ask({ token: first })

const second = await client.refreshTokenGrant(config, first.refresh_token)
await ask({ token: second })

if (given.client_secret) {
  const found = await client.tokenIntrospection(config, second.access_token)
  if (!found.active) throw new Error('the token is not active')
}
await client.tokenRevocation(config, second.refresh_token)
say({ done: true })
