// oauth4webapi registers a client. See test_registration_clients.py.
import * as oauth from 'oauth4webapi'
import { given, say } from './conversation.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
)
const answer = await oauth.dynamicClientRegistrationRequest(
  server,
  {
    client_name: 'Registered by itself',
    redirect_uris: [given.redirect_uri],
    token_endpoint_auth_method: given.method,
    scope: given.scope,
  },
  insecure,
)
say({ done: await oauth.processDynamicClientRegistrationResponse(answer) })
