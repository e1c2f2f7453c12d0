// oauth4webapi pushes its authorization request, and then also acts by itself. See test_pushed_clients.py.
import * as oauth from 'oauth4webapi'
import { ask, given, say } from './conversation.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const server = await oauth.processDiscoveryResponse(issuer, found)
const client = { client_id: given.client_id }
const authentication = oauth.ClientSecretBasic(given.client_secret)

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const pushed = await oauth.processPushedAuthorizationResponse(
  server,
  client,
  await oauth.pushedAuthorizationRequest(
    server,
    client,
    authentication,
    {
      redirect_uri: given.redirect_uri,
      response_type: 'code',
      scope: given.scope,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    },
    insecure,
  ),
)
const url = new URL(server.authorization_endpoint)
url.searchParams.set('client_id', client.client_id)
url.searchParams.set('request_uri', pushed.request_uri)

const callback = oauth.validateAuthResponse(server, client, new URL(await ask({ authorize: url.href })), state)
const token = await oauth.processAuthorizationCodeResponse(
  server,
  client,
  await oauth.authorizationCodeGrantRequest(
    server, client, authentication, callback, given.redirect_uri, verifier, insecure,
  ),
)
const own = await oauth.processClientCredentialsResponse(
  server,
  client,
  await oauth.clientCredentialsGrantRequest(server, client, authentication, { scope: given.scope }, insecure),
)
say({ done: { token, own } })
