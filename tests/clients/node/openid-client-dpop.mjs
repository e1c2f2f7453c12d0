// openid-client binds its tokens to a key, nonces included. See test_sender_constrained_clients.py.
import * as client from 'openid-client'
import { ask, given, say } from './conversation.mjs'

const { kid, alg, use, ...jwk } = given.jwk
const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const config = await client.discovery(new URL(given.issuer), given.client_id, undefined, client.PrivateKeyJwt({ key, kid }), {
  algorithm: 'oauth2',
  execute: [client.allowInsecureRequests],
})
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const url = await client.buildAuthorizationUrlWithPAR(
  config,
  {
    redirect_uri: given.redirect_uri,
    scope: given.scope,
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  },
  { DPoP },
)
const callback = new URL(await ask({ authorize: url.href }))
const checks = { pkceCodeVerifier: verifier, expectedState: state }
const first = await client.authorizationCodeGrant(config, callback, checks, undefined, { DPoP })
const second = await client.refreshTokenGrant(config, first.refresh_token, undefined, { DPoP })
const api = new URL(given.api)
const called = await client.fetchProtectedResource(config, second.access_token, api, 'GET', undefined, undefined, { DPoP })
const bare = await fetch(given.api, { headers: { authorization: `Bearer ${second.access_token}` } })
const told = await client.tokenIntrospection(config, second.access_token)
say({ done: { types: [first.token_type, second.token_type], status: called.status, bare: bare.status, told } })
