// jose, on which client libraries for JavaScript stand, checks a logout token. See test_logout_token.py.
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { given, say } from './conversation.mjs'

const { payload } = await jwtVerify(given.token, createRemoteJWKSet(new URL(given.jwks_uri)), {
  issuer: given.issuer,
  audience: given.client_id,
  algorithms: [given.algorithm],
  typ: 'logout+jwt',
  maxTokenAge: '2 minutes',
  requiredClaims: ['iat', 'exp', 'jti', 'events', 'sub', 'sid'],
})
say({ done: payload })
