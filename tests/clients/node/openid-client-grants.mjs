// openid-client: the answer by form post, a resource, narrower scopes, and acting by itself. See test_more_grants.py.
import * as client from 'openid-client'
import { ask, given, say } from './conversation.mjs'

const config = await client.discovery(
  new URL(given.issuer),
  given.client_id,
  undefined,
  client.ClientSecretBasic(given.client_secret),
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
)
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirect_uri,
  scope: given.scope,
  state,
  resource: given.resource,
  response_mode: 'form_post',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
const posted = new Request(given.redirect_uri, {
  method: 'POST',
  body: new URLSearchParams(await ask({ authorize: url.href })),
})
const token = await client.authorizationCodeGrant(
  config,
  posted,
  { pkceCodeVerifier: verifier, expectedState: state },
  { resource: given.resource },
)
const narrower = await client.refreshTokenGrant(config, token.refresh_token, { scope: given.narrower })
const again = await client.refreshTokenGrant(config, narrower.refresh_token ?? token.refresh_token)
const own = await client.clientCredentialsGrant(config, { scope: given.narrower, resource: given.resource })
say({ done: { token, narrower, again, own } })
