// The official SDK of the Model Context Protocol as a program that nobody sits before. See test_mcp_services.py.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { ClientCredentialsProvider, PrivateKeyJwtProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { given, say } from './conversation.mjs'

const common = { clientId: given.client_id, expectedIssuer: given.issuer, scope: given.scope }
const authProvider = given.jwk
  ? new PrivateKeyJwtProvider({ ...common, privateKey: given.jwk, algorithm: 'ES256' })
  : new ClientCredentialsProvider({ ...common, clientSecret: given.client_secret })
const client = new Client({ name: 'nightly', version: '1' })
await client.connect(new StreamableHTTPClientTransport(new URL(given.url), { authProvider }))
const result = await client.callTool({ name: given.call, arguments: {} })
await client.close()
say({ done: { result, token: authProvider.tokens() } })
