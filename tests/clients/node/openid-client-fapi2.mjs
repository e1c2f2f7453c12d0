// openid-client as FAPI 2.0 wants it: pushed request, signed authentication, DPoP. See test_fapi2_client.py.
import * as client from 'openid-client'
import { ask, given, say } from './conversation.mjs'

const { kid, alg, use, ...jwk } = given.jwk
const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const config = await client.discovery(
  new URL(given.issuer),
  given.client_id,
  { id_token_signed_response_alg: 'ES256', use_mtls_endpoint_aliases: false },
  client.PrivateKeyJwt({ key, kid }),
  { execute: [client.enableNonRepudiationChecks] },
)
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))

const verifier = client.randomPKCECodeVerifier()
const nonce = client.randomNonce()
const state = client.randomState()
const url = await client.buildAuthorizationUrlWithPAR(
  config,
  {
    redirect_uri: given.redirect_uri,
    scope: given.scope,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  },
  { DPoP },
)
const tokens = await client.authorizationCodeGrant(
  config,
  new URL(await ask({ authorize: url.href })),
  { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
  undefined,
  { DPoP },
)
const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP })
const again = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })

const bare = await fetch(config.serverMetadata().userinfo_endpoint, {
  headers: { authorization: `Bearer ${again.access_token}` },
})
say({ done: { sent: [...url.searchParams.keys()], type: tokens.token_type, told, bare: bare.status } })
