// The official SDK of the Model Context Protocol as an assistant uses it. Talks to the test in lines of JSON: after each
// {"call": tool, "with": arguments} it says what came of it, and asks {"authorize": url} whenever its user must answer.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { StreamableHTTPClientTransport, StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ask, given, listen, say } from './conversation.mjs'

const kept = { client: given.client, tokens: given.tokens, verifier: '', answer: undefined, state: '' }
const seen = []
const seeing = async (url, init) => {
  const answer = await fetch(url, init)
  seen.push([init?.method ?? 'GET', new URL(url).pathname, answer.status])
  return answer
}
const provider = {
  redirectUrl: given.redirect_uri,
  clientMetadataUrl: given.metadata_url ?? undefined,
  clientMetadata: {
    client_name: 'Assistant in JavaScript',
    redirect_uris: [given.redirect_uri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  state: () => (kept.state = crypto.randomUUID()),
  clientInformation: () => kept.client ?? undefined,
  saveClientInformation: (client) => { kept.client = client },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens },
  saveCodeVerifier: (verifier) => { kept.verifier = verifier },
  codeVerifier: () => kept.verifier,
  redirectToAuthorization: async (url) => { kept.answer = new URL(await ask({ authorize: url.href })).searchParams },
  invalidateCredentials: (what) => {
    if (what === 'all' || what === 'client') kept.client = undefined
    if (what === 'all' || what === 'tokens') kept.tokens = undefined
  },
}

// What an application does with the SDK: where the user answered, hand the code over and begin again.
async function connected(act) {
  const first = new StreamableHTTPClientTransport(new URL(given.url), { authProvider: provider, fetch: seeing })
  const client = new Client({ name: 'assistant', version: '1' })
  try {
    await client.connect(first)
    return await act(client)
  } catch (fault) {
    if (fault instanceof UnauthorizedError && kept.answer) {
      const answer = kept.answer
      kept.answer = undefined
      if (answer.get('state') !== kept.state) throw new Error('the state is another one')
      await first.finishAuth(answer.get('code'))
      return await connected(act)
    }
    // The SDK refreshes first where it is told that a scope is missing, which widens nothing, and then gives up. Without
    // the refresh token it asks the user.
    if (given.steps_up && fault instanceof StreamableHTTPError && fault.code === 403 && kept.tokens?.refresh_token) {
      delete kept.tokens.refresh_token
      return await connected(act)
    }
    throw fault
  } finally {
    await client.close()
  }
}

for (let told = await listen(); told; told = await listen()) {
  seen.length = 0
  try {
    const result = await connected((client) => client.callTool({ name: told.call, arguments: told.with ?? {} }))
    say({ result, scope: kept.tokens.scope, tokens: kept.tokens, client: kept.client, seen })
  } catch (fault) {
    say({ fault: String(fault), status: fault instanceof StreamableHTTPError ? fault.code : null, tokens: kept.tokens, seen })
  }
}
