// Where node-oidc-provider keeps its records: the adapter contract of its documentation, over SQLite and over Redis.
// The Redis one follows the project's own example; the SQLite one keeps the same records in one table, one prepared
// statement for each operation.

import Database from 'better-sqlite3';
import { Redis } from 'ioredis';

const consumable = new Set(['AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest']);
const grantable = new Set(['AccessToken', ...consumable]);
const now = () => Math.floor(Date.now() / 1000);

export function openSqlite(path) {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(`
    CREATE TABLE IF NOT EXISTS records (
      kind TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, user_code TEXT,
      expires_at INTEGER, consumed_at INTEGER, PRIMARY KEY (kind, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS records_by_grant ON records (grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX IF NOT EXISTS records_by_uid ON records (uid) WHERE uid IS NOT NULL;
    CREATE INDEX IF NOT EXISTS records_by_user_code ON records (user_code) WHERE user_code IS NOT NULL;
  `);
  const columns = 'SELECT payload, consumed_at, expires_at FROM records';
  const upsert = database.prepare(`
    INSERT INTO records (kind, id, payload, grant_id, uid, user_code, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (kind, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at
  `);
  const find = database.prepare(`${columns} WHERE kind = ? AND id = ?`);
  const findByUid = database.prepare(`${columns} WHERE uid = ?`);
  const findByUserCode = database.prepare(`${columns} WHERE user_code = ?`);
  const consume = database.prepare('UPDATE records SET consumed_at = ? WHERE kind = ? AND id = ?');
  const destroy = database.prepare('DELETE FROM records WHERE kind = ? AND id = ?');
  const revoke = database.prepare('DELETE FROM records WHERE grant_id = ?');
  const read = (row) => {
    if (row === undefined || (row.expires_at !== null && row.expires_at < now())) return undefined;
    const payload = JSON.parse(row.payload);
    return row.consumed_at === null ? payload : { ...payload, consumed: row.consumed_at };
  };

  class SqliteAdapter {
    constructor(kind) {
      this.kind = kind;
    }

    async upsert(id, payload, expiresIn) {
      const grantId = grantable.has(this.kind) ? payload.grantId ?? null : null;
      const expiresAt = expiresIn ? now() + expiresIn : null;
      const { uid = null, userCode = null } = payload;
      upsert.run(this.kind, id, JSON.stringify(payload), grantId, uid, userCode, expiresAt);
    }

    async find(id) {
      return read(find.get(this.kind, id));
    }

    async findByUid(uid) {
      return read(findByUid.get(uid));
    }

    async findByUserCode(userCode) {
      return read(findByUserCode.get(userCode));
    }

    async consume(id) {
      consume.run(now(), this.kind, id);
    }

    async destroy(id) {
      destroy.run(this.kind, id);
    }

    async revokeByGrantId(grantId) {
      revoke.run(grantId);
    }
  }
  return {
    Adapter: SqliteAdapter,
    // Filling writes all in one transaction.
    beginFilling: () => database.exec('BEGIN'),
    endFilling: () => database.exec('COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)'),
    close: () => database.close(),
  };
}

export function openRedis(url) {
  const client = new Redis(url, { keyPrefix: 'oidc:' });
  const grantKeyFor = (id) => `grant:${id}`;

  class RedisAdapter {
    constructor(kind) {
      this.kind = kind;
    }

    key(id) {
      return `${this.kind}:${id}`;
    }

    async upsert(id, payload, expiresIn) {
      const key = this.key(id);
      const multi = client.multi();
      if (consumable.has(this.kind)) {
        multi.hset(key, { payload: JSON.stringify(payload) });
      } else {
        multi.set(key, JSON.stringify(payload));
      }
      if (expiresIn) multi.expire(key, expiresIn);
      if (grantable.has(this.kind) && payload.grantId) {
        const grantKey = grantKeyFor(payload.grantId);
        multi.rpush(grantKey, key);
        const ttl = await client.ttl(grantKey);
        if (expiresIn > ttl) multi.expire(grantKey, expiresIn);
      }
      await multi.exec();
    }

    async find(id) {
      if (!consumable.has(this.kind)) {
        const text = await client.get(this.key(id));
        return text === null ? undefined : JSON.parse(text);
      }
      const { payload, ...rest } = await client.hgetall(this.key(id));
      return payload === undefined ? undefined : { ...rest, ...JSON.parse(payload) };
    }

    async consume(id) {
      await client.hset(this.key(id), 'consumed', now());
    }

    async destroy(id) {
      await client.del(this.key(id));
    }

    async revokeByGrantId(grantId) {
      const multi = client.multi();
      for (const key of await client.lrange(grantKeyFor(grantId), 0, -1)) multi.del(key);
      multi.del(grantKeyFor(grantId));
      await multi.exec();
    }
  }
  return { Adapter: RedisAdapter, beginFilling: () => {}, endFilling: () => {}, close: () => client.quit() };
}

export function open(url) {
  return url.startsWith('redis:') ? openRedis(url) : openSqlite(url);
}
