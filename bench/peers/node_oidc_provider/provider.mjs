// node-oidc-provider as the benchmark runs it: OAuth without ID tokens, clients in its configuration.

import { Provider } from 'oidc-provider';

export const SCOPE = 'invoices';
export const SECRET = 'a-client-secret-of-this-benchmark-with-256-bits';

export function build(Adapter, issuer, callback) {
  const app = { redirect_uris: [callback], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };
  const provider = new Provider(issuer, {
    adapter: Adapter,
    clients: [
      { ...app, client_id: 'web', client_secret: SECRET },
      { ...app, client_id: 'tool', token_endpoint_auth_method: 'none' },
      { client_id: 'api', client_secret: SECRET, redirect_uris: [], grant_types: [], response_types: [] },
    ],
    scopes: [SCOPE],
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
    },
    cookies: { keys: ['a-key-for-the-cookies-of-this-benchmark'] },
    issueRefreshToken: () => true,
    // A code would end while the benchmark still prepares others.
    ttl: { AuthorizationCode: 7200, AccessToken: 7200, Grant: 1209600, RefreshToken: 1209600 },
  });
  return provider;
}
