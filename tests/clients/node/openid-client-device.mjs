// openid-client on a device: it asks for codes, shows one to the person, and waits by itself.
import * as client from 'openid-client'
import { ask, given, say } from './conversation.mjs'

const authentication = given.client_secret ? client.ClientSecretPost(given.client_secret) : client.None()
const config = await client.discovery(new URL(given.issuer), given.client_id, undefined, authentication, {
  algorithm: 'oauth2',
  execute: [client.allowInsecureRequests],
})

const codes = await client.initiateDeviceAuthorization(config, { scope: given.scope })
await ask({ device: codes })
say({ done: { errors: [], token: await client.pollDeviceAuthorizationGrant(config, codes) } })
