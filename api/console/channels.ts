/** Channels and in-app messages. Secrets of channels are sealed, and shown only by whether they are there. */
import type { Router } from 'express';
import { channelById, insertChannel, listChannels, removeChannel, reserveChannelId, updateChannel, type ChannelHealth, type StoredChannel } from '../../db/channels.ts'; // prettier-ignore
import { countUnread, listNotices, markRead } from '../../db/notices.ts';
import { errors, KnownError } from '../../domain/errors.ts';
import { ChannelError, type Channel } from '../../integrations/channels/channel.ts';
import { messageOf } from '../../integrations/channels/message.ts';
import { channels } from '../../integrations/channels/registry.ts';
import { openChannel } from '../../integrations/channels/stored.ts';
import { secretAad } from '../../integrations/keyring/keyring.ts';
import { maskConfig, mergeConfig } from '../../integrations/suppliers/account.ts';
import { consoleChannels } from '../contract/index.ts';
import type { ApiDeps } from '../deps.ts';
import { describeFields } from './config-fields.ts';
import { person, serve, type Authenticate } from '../serve.ts';

type Config = Record<string, string>;
type View = (typeof consoleChannels.listChannels)['response']['_output']['channels'][number];

function kindOf(kind: string): Channel {
  const channel = channels.get(kind);
  if (!channel) throw new KnownError('CHANNEL_INVALID', [{ field: 'kind', known: [...channels.keys()] }]);
  return channel;
}

function checked(channel: Channel, config: Config): Config {
  const problems = channel.checkConfig(config);
  if (problems.length > 0) throw new KnownError('CHANNEL_INVALID', problems);
  return config;
}

export function channelRoutes(router: Router, authenticate: Authenticate, deps: ApiDeps): void {
  const { pool, keyring, environment } = deps;
  const open = (c: StoredChannel): Config => openChannel(keyring, c);
  const seal = (id: number, config: Config): Buffer =>
    keyring.seal('secret', JSON.stringify(config), secretAad('channels', id));
  const view = (c: StoredChannel & ChannelHealth): View => ({
    id: c.id,
    kind: c.kind,
    name: c.name,
    audience: c.audience,
    config: maskConfig(channels.get(c.kind)?.configFields ?? [], open(c)),
    enabled: c.enabled,
    health: {
      state: !c.enabled ? 'off' : c.failures > 0 ? 'failing' : c.lastOkAt ? 'well' : 'unused',
      lastOkAt: c.lastOkAt?.toISOString() ?? null,
      lastFailedAt: c.lastFailedAt?.toISOString() ?? null,
      lastFailure: c.lastFailure,
      failures: c.failures,
      waiting: c.waiting,
    },
  });

  serve(router, authenticate, consoleChannels.channelKinds, () =>
    Promise.resolve({
      kinds: [...channels.values()].map(({ kind, name, configFields }) => ({
        kind,
        name,
        fields: describeFields(configFields),
      })),
    }),
  );

  serve(router, authenticate, consoleChannels.listChannels, async () => ({
    channels: (await listChannels(pool)).map(view),
  }));

  serve(router, authenticate, consoleChannels.createChannel, async (call) => {
    const { kind, name, audience, enabled, config } = call.body;
    checked(kindOf(kind), config);
    const id = await reserveChannelId(pool);
    await insertChannel(pool, { id, kind, name, audience, enabled, config: seal(id, config) }, person(call).actorId);
    return { id };
  });

  serve(router, authenticate, consoleChannels.updateChannel, async (call) => {
    const stored = await channelById(pool, call.params.id);
    const channel = kindOf(stored.kind);
    const { name, audience, enabled } = call.body;
    const config = checked(channel, mergeConfig(channel.configFields, open(stored), call.body.config));
    await updateChannel(pool, { ...stored, name, audience, enabled, config: seal(stored.id, config) }, person(call).actorId); // prettier-ignore
    return { id: stored.id };
  });

  serve(router, authenticate, consoleChannels.removeChannel, async (call) => {
    await removeChannel(pool, call.params.id, person(call).actorId);
    return { removed: true as const };
  });

  serve(router, authenticate, consoleChannels.testChannel, async (call) => {
    const stored = await channelById(pool, call.params.id);
    const now = new Date();
    const notice = { kind: 'test', code: 'STOCK_LOW', orderNo: null, sku: null, productName: null, mode: null, detail: {} } as const; // prettier-ignore
    const message = messageOf(notice, environment.PUBLIC_URL);
    try {
      await kindOf(stored.kind).send(open(stored), message, `test_${stored.id}_${now.getTime()}`, { ...deps, now });
    } catch (error) {
      if (error instanceof ChannelError) throw new KnownError('CHANNEL_FAILED', { reason: error.reason });
      throw error;
    }
    return { sent: true as const };
  });

  serve(router, authenticate, consoleChannels.listNotices, async (call) => {
    const { actorId } = person(call);
    const { limit, ...filter } = call.query;
    const [unread, rows] = await Promise.all([
      countUnread(pool, actorId),
      listNotices(pool, { ...filter, limit, actorId }),
    ]);
    return {
      unread,
      notices: rows.map((row) => {
        const { zh, en } = errors[row.code];
        const [inZh, inEn] = [
          messageOf(row, environment.PUBLIC_URL, 'zh'),
          messageOf(row, environment.PUBLIC_URL, 'en'),
        ];
        const { id, kind, code, orderNo, sku, productName, mode, read } = row;
        return {
          ...{ id, kind, code, zh, en, orderNo, sku, productName, mode, read },
          at: row.at.toISOString(),
          title: { zh: inZh.title, en: inEn.title },
          lines: { zh: [...inZh.lines], en: [...inEn.lines] },
        };
      }),
      next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null,
    };
  });

  serve(router, authenticate, consoleChannels.readNotices, async (call) => {
    const { actorId } = person(call);
    await markRead(pool, actorId, call.body.ids);
    return { unread: await countUnread(pool, actorId) };
  });
}
