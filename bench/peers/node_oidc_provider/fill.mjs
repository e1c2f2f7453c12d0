// node fill.mjs SPECIFICATION: writes what the benchmark asks for through the provider's own models and its adapter.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { SCOPE, SECRET, build } from './provider.mjs';
import { open } from './stores.mjs';

const asked = JSON.parse(process.argv[2]);
const store = open(asked.database);
const provider = build(store.Adapter, 'http://127.0.0.1', asked.callback);
const web = await provider.Client.find('web');
const tool = await provider.Client.find('tool');

async function grantsOf(client) {
  return each('grants', asked.people, async (number) => {
    const grant = new provider.Grant({ accountId: `user${number}`, clientId: client.clientId });
    grant.addOIDCScope(SCOPE);
    return grant.save();
  });
}

// Many at once, which spares the round trips to Redis.
async function each(name, count, make) {
  const made = [];
  for (let start = 0; start < count; start += 500) {
    const numbers = Array.from({ length: Math.min(500, count - start) }, (_, step) => start + step);
    made.push(...(await Promise.all(numbers.map(make))));
  }
  return made;
}

async function write(name, count, make) {
  const lines = await each(name, count, make);
  writeFileSync(join(asked.folder, name), lines.map((line) => `${line}\n`).join(''));
}

store.beginFilling();
const grants = await grantsOf(web);
const toolGrants = await grantsOf(tool);
const held = (number, client, list) => ({
  accountId: `user${number % asked.people}`,
  client,
  grantId: list[number % asked.people],
  gty: 'authorization_code',
  scope: SCOPE,
});
await write('tokens', asked.tokens, (number) => new provider.AccessToken(held(number, web, grants)).save());
await write('codes', asked.codes, (number) =>
  new provider.AuthorizationCode({
    ...held(number, web, grants),
    codeChallenge: asked.challenge,
    codeChallengeMethod: 'S256',
    redirectUri: asked.callback,
  }).save(),
);
await write('refresh_tokens', asked.families, (number) =>
  new provider.RefreshToken({ ...held(number, tool, toolGrants), rotations: 0 }).save(),
);
store.endFilling();
await store.close();

const basic = (name) => `Basic ${Buffer.from(`${name}:${SECRET}`).toString('base64')}`;
const proof = `redirect_uri=${encodeURIComponent(asked.callback)}&code_verifier=${asked.verifier}`;
const requests = {
  introspection: { path: '/token/introspection', authorization: basic('api'), body: 'token=@' },
  exchange: { path: '/token', authorization: basic('web'), body: `grant_type=authorization_code&code=@&${proof}` },
  refresh: { path: '/token', authorization: '', body: 'grant_type=refresh_token&client_id=tool&refresh_token=@' },
};
writeFileSync(join(asked.folder, 'requests.json'), JSON.stringify(requests));
