// oauth4webapi with private_key_jwt and DPoP, nonces included. See test_sender_constrained_clients.py.
import * as oauth from 'oauth4webapi'
import { ask, given, say } from './conversation.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const server = await oauth.processDiscoveryResponse(issuer, found)
const client = { client_id: given.client_id }
const { kid, ...jwk } = given.jwk
const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const authentication = oauth.PrivateKeyJwt({ key, kid })
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
const options = { DPoP, ...insecure }

// The library asks again by itself only where its user says so: the first answer may be use_dpop_nonce.
async function withNonce(request) {
  try {
    return await request()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    nonces += 1
    return await request()
  }
}
let nonces = 0

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const parameters = new URLSearchParams({
  redirect_uri: given.redirect_uri,
  response_type: 'code',
  scope: given.scope,
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
const pushed = await withNonce(async () => oauth.processPushedAuthorizationResponse(
  server,
  client,
  await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, options),
))
const url = new URL(server.authorization_endpoint)
url.searchParams.set('client_id', client.client_id)
url.searchParams.set('request_uri', pushed.request_uri)

const callback = oauth.validateAuthResponse(server, client, new URL(await ask({ authorize: url.href })), state)
const first = await withNonce(async () => oauth.processAuthorizationCodeResponse(
  server,
  client,
  await oauth.authorizationCodeGrantRequest(
    server, client, authentication, callback, given.redirect_uri, verifier, options,
  ),
))
const second = await withNonce(async () => oauth.processRefreshTokenResponse(
  server,
  client,
  await oauth.refreshTokenGrantRequest(server, client, authentication, first.refresh_token, options),
))
const called = await withNonce(async () => oauth.protectedResourceRequest(
  second.access_token, 'GET', new URL(given.api), undefined, undefined, options,
))
const bare = await fetch(given.api, { headers: { authorization: `Bearer ${second.access_token}` } })
const answer = await oauth.introspectionRequest(server, client, authentication, second.access_token, insecure)
const told = await oauth.processIntrospectionResponse(server, client, answer)
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, client, authentication, second.refresh_token, insecure),
)
say({ done: { types: [first.token_type, second.token_type], status: called.status, bare: bare.status, told, nonces } })
