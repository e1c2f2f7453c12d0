// node server.mjs DATABASE PORT CALLBACK

import { build } from './provider.mjs';
import { open } from './stores.mjs';

const [database, port, callback] = process.argv.slice(2);
const store = open(database);
const server = build(store.Adapter, `http://127.0.0.1:${port}`, callback).listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  store.close();
});
