// oauth4webapi signs a person in: ID token, its signature, UserInfo, refresh. See test_openid_clients.py.
import * as oauth from 'oauth4webapi'
import { ask, given, say } from './conversation.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...insecure }),
)
const client = {
  client_id: given.client_id,
  id_token_signed_response_alg: given.algorithm,
  ...(given.userinfo_algorithm && { userinfo_signed_response_alg: given.userinfo_algorithm }),
}
const authentication = oauth.ClientSecretBasic(given.client_secret)

const verifier = oauth.generateRandomCodeVerifier()
const nonce = oauth.generateRandomNonce()
const state = oauth.generateRandomState()
const url = new URL(server.authorization_endpoint)
for (const [name, value] of Object.entries({
  client_id: client.client_id,
  redirect_uri: given.redirect_uri,
  response_type: 'code',
  scope: given.scope,
  state,
  nonce,
  max_age: '3600',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})) url.searchParams.set(name, value)

const callback = oauth.validateAuthResponse(server, client, new URL(await ask({ authorize: url.href })), state)
const answer = await oauth.authorizationCodeGrantRequest(
  server, client, authentication, callback, given.redirect_uri, verifier, insecure,
)
const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
  expectedNonce: nonce,
  maxAge: 3600,
  requireIdToken: true,
})
await oauth.validateApplicationLevelSignature(server, answer, insecure)
const claims = oauth.getValidatedIdTokenClaims(tokens)

const information = await oauth.userInfoRequest(server, client, tokens.access_token, insecure)
const told = await oauth.processUserInfoResponse(server, client, claims.sub, information)
if (given.userinfo_algorithm) await oauth.validateApplicationLevelSignature(server, information, insecure)

const refreshed = await oauth.refreshTokenGrantRequest(
  server, client, authentication, tokens.refresh_token, insecure,
)
const again = await oauth.processRefreshTokenResponse(server, client, refreshed)
if (again.id_token !== undefined) {
  await oauth.validateApplicationLevelSignature(server, refreshed, insecure)
  if (oauth.getValidatedIdTokenClaims(again).sub !== claims.sub) throw new Error('another person')
}
say({ done: { claims, told } })
