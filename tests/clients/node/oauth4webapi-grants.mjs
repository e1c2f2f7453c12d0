// oauth4webapi: the answer by form post, a resource, and narrower scopes. See test_more_grants.py.
import * as oauth from 'oauth4webapi'
import { ask, given, say } from './conversation.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
)
const client = { client_id: given.client_id }
const authentication = oauth.ClientSecretBasic(given.client_secret)
const resource = { resource: given.resource }

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const url = new URL(server.authorization_endpoint)
for (const [name, value] of Object.entries({
  client_id: client.client_id,
  redirect_uri: given.redirect_uri,
  response_type: 'code',
  response_mode: 'form_post',
  scope: given.scope,
  state,
  ...resource,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})) url.searchParams.set(name, value)

const posted = new URLSearchParams(await ask({ authorize: url.href }))
const callback = oauth.validateAuthResponse(server, client, posted, state)
const token = await oauth.processAuthorizationCodeResponse(
  server,
  client,
  await oauth.authorizationCodeGrantRequest(
    server, client, authentication, callback, given.redirect_uri, verifier,
    { additionalParameters: resource, ...insecure },
  ),
)
const refresh = async (refreshToken, additionalParameters) =>
  await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, {
      additionalParameters,
      ...insecure,
    }),
  )
const narrower = await refresh(token.refresh_token, { scope: given.narrower })
const again = await refresh(narrower.refresh_token ?? token.refresh_token, {})
const own = await oauth.processClientCredentialsResponse(
  server,
  client,
  await oauth.clientCredentialsGrantRequest(
    server, client, authentication, { scope: given.narrower, ...resource }, insecure,
  ),
)
say({ done: { token, narrower, again, own } })
