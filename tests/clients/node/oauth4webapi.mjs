// oauth4webapi as an app's maker would use it. Talks to the test in lines of JSON: see test_node_clients.py.
import * as oauth from 'oauth4webapi'
import { ask, given, say } from './conversation.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const server = await oauth.processDiscoveryResponse(issuer, found)
const client = { client_id: given.client_id }
const authentication = given.client_secret ? oauth.ClientSecretBasic(given.client_secret) : oauth.None()

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const url = new URL(server.authorization_endpoint)
for (const [name, value] of Object.entries({
  client_id: client.client_id,
  redirect_uri: given.redirect_uri,
  response_type: 'code',
  scope: given.scope,
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})) url.searchParams.set(name, value)

const callback = oauth.validateAuthResponse(server, client, new URL(await ask({ authorize: url.href })), state)
const first = await oauth.processAuthorizationCodeResponse(
  server,
  client,
  await oauth.authorizationCodeGrantRequest(
    server, client, authentication, callback, given.redirect_uri, verifier, insecure,
  ),
)
await ask({ token: first })

const second = await oauth.processRefreshTokenResponse(
  server,
  client,
  await oauth.refreshTokenGrantRequest(server, client, authentication, first.refresh_token, insecure),
)
await ask({ token: second })

if (given.client_secret) {
  const answer = await oauth.introspectionRequest(server, client, authentication, second.access_token, insecure)
  const state = await oauth.processIntrospectionResponse(server, client, answer)
  if (!state.active) throw new Error('the token is not active')
}
const revoked = await oauth.revocationRequest(server, client, authentication, second.refresh_token, insecure)
await oauth.processRevocationResponse(revoked)
say({ done: true })
