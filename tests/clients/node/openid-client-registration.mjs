// openid-client registers itself, and connects at once. See test_registration_clients.py.
import * as client from 'openid-client'
import { ask, given, say } from './conversation.mjs'

const methods = {
  none: client.None,
  client_secret_basic: client.ClientSecretBasic,
  client_secret_post: client.ClientSecretPost,
}
const config = await client.dynamicClientRegistration(
  new URL(given.issuer),
  {
    client_name: 'Registered by itself',
    redirect_uris: [given.redirect_uri],
    ...(given.method && { token_endpoint_auth_method: given.method }),
    scope: given.scope,
  },
  methods[given.method]?.(),
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
)
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirect_uri,
  scope: given.scope,
  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
const tokens = await client.authorizationCodeGrant(config, new URL(await ask({ authorize: url.href })), {
  pkceCodeVerifier: verifier,
  expectedState: state,
})
await client.refreshTokenGrant(config, tokens.refresh_token)
say({ done: { client: config.clientMetadata(), tokens } })
