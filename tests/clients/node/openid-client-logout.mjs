// openid-client signs a person in, and out again. See test_openid_clients.py.
import * as client from 'openid-client'
import { ask, given, say } from './conversation.mjs'

const config = await client.discovery(
  new URL(given.issuer),
  given.client_id,
  {
    id_token_signed_response_alg: given.algorithm,
    ...(given.userinfo_algorithm && { userinfo_signed_response_alg: given.userinfo_algorithm }),
  },
  client.ClientSecretBasic(given.client_secret),
  { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
)
const verifier = client.randomPKCECodeVerifier()
const nonce = client.randomNonce()
const state = client.randomState()
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirect_uri,
  scope: given.scope,
  state,
  nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
const tokens = await client.authorizationCodeGrant(config, new URL(await ask({ authorize: url.href })), {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
})
// Where the answer is to be signed, the library refuses one that is not, and checks the signature.
const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
const out = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: given.post_logout_redirect_uri,
  id_token_hint: tokens.id_token,
  state: 'back again',
})
const back = await ask({ logout: out.href })
say({ done: { back, told, sub: tokens.claims().sub } })
