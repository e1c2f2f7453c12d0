// oauth4webapi on a device: it asks for codes, shows one to the person, and asks until there are tokens.
import * as oauth from 'oauth4webapi'
import { ask, given, say } from './conversation.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(given.issuer)
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const server = await oauth.processDiscoveryResponse(issuer, found)
const client = { client_id: given.client_id }
const authentication = given.client_secret ? oauth.ClientSecretPost(given.client_secret) : oauth.None()

const codes = await oauth.processDeviceAuthorizationResponse(
  server,
  client,
  await oauth.deviceAuthorizationRequest(server, client, authentication, { scope: given.scope }, insecure),
)
const poll = async () =>
  await oauth.processDeviceCodeResponse(
    server,
    client,
    await oauth.deviceCodeGrantRequest(server, client, authentication, codes.device_code, insecure),
  )

const errors = []
for (let times = 0; times < 2; times += 1) {
  try {
    await poll()
  } catch (fault) {
    errors.push(fault.error)
  }
}
await ask({ device: codes })
const first = await poll()
const second = await oauth.processRefreshTokenResponse(
  server,
  client,
  await oauth.refreshTokenGrantRequest(server, client, authentication, first.refresh_token, insecure),
)
say({ done: { errors, token: second } })
