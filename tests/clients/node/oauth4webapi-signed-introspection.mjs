// oauth4webapi asks about a token and has the answer signed (RFC 9701). See test_signed_introspection.py.
import * as oauth from 'oauth4webapi'
import { given, say } from './conversation.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
)
const [algorithm] = server.introspection_signing_alg_values_supported
const client = { client_id: given.client_id, introspection_signed_response_alg: algorithm }
const authentication = oauth.ClientSecretBasic(given.client_secret)

const answer = await oauth.introspectionRequest(server, client, authentication, given.token, {
  requestJwtResponse: true,
  ...insecure,
})
if (answer.headers.get('content-type') !== 'application/token-introspection+jwt') throw new Error('not signed')
const told = await oauth.processIntrospectionResponse(server, client, answer)
await oauth.validateApplicationLevelSignature(server, answer, insecure)
say({ done: told })
