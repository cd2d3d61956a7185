import assert from 'node:assert/strict';
import { startFakeObjectStore, type FakeObjectStore } from '../../dev/fakes/object-store.ts';
import { checkStore, isObjectKey, objectAddress, tryObject } from '../../integrations/object-stores/account.ts';
import { presign } from '../../integrations/object-stores/presign.ts';
import { createOutbound, OutboundError } from '../../integrations/outbound.ts';

describe('object stores: presigned addresses', () => {
  let store: FakeObjectStore;
  before(async () => {
    store = await startFakeObjectStore({ port: 0 });
    store.put('软件/安装包 v1.2 (x64).zip', 'the file');
  });
  after(() => store.close());

  const example = {
    endpoint: 'https://s3.amazonaws.com',
    region: 'us-east-1',
    bucket: 'examplebucket',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    pathStyle: false,
  };

  it('B2: the example that AWS published, byte by byte', () => {
    assert.equal(
      presign(example, 'test.txt', 86_400, new Date('2013-05-24T00:00:00Z')),
      'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
        '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z' +
        '&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
        '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });

  it('B2: a store that checks by itself serves it, whatever characters the name has, under the name of the file', async () => {
    const answer = await fetch(objectAddress(store.config, '软件/安装包 v1.2 (x64).zip', new Date()));
    assert.equal(await answer.text(), 'the file');
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename\*=UTF-8''%E5%AE%89/);
  });

  it('B2: after its minutes, for another object, with another key, altered: refused', async () => {
    const key = '软件/安装包 v1.2 (x64).zip';
    const codeOf = async (url: string): Promise<string> =>
      /<Code>(\w+)/.exec(await (await fetch(url)).text())?.[1] ?? 'served';
    const good = objectAddress(store.config, key, new Date());
    assert.equal(await codeOf(objectAddress(store.config, key, new Date(Date.now() - 301_000))), 'AccessDenied');
    assert.equal(await codeOf(good.replace('v1.2', 'v1.3')), 'SignatureDoesNotMatch');
    assert.equal(await codeOf(good.replace('X-Amz-Expires=300', 'X-Amz-Expires=3000')), 'SignatureDoesNotMatch');
    assert.equal(await codeOf(objectAddress({ ...store.config, secretAccessKey: 'another-secret' }, key, new Date())), 'SignatureDoesNotMatch'); // prettier-ignore
    assert.equal(await codeOf(objectAddress({ ...store.config, accessKeyId: 'NOBODY' }, key, new Date())), 'InvalidAccessKeyId'); // prettier-ignore
    assert.equal(await codeOf(good.split('?')[0] ?? ''), 'AccessDenied');
  });

  it('rule 12: the try goes through the guarded door: a private endpoint is not reached unless ops allow it', async () => {
    const strict = createOutbound({ allow: [] });
    await assert.rejects(
      tryObject(store.config, 'x', new Date(), strict),
      (e) => e instanceof OutboundError && !e.sent,
    );
    await assert.rejects(
      tryObject({ ...store.config, endpoint: 'https://169.254.169.254' }, 'latest', new Date(), strict),
      (e) => e instanceof OutboundError && e.code === 'BLOCKED_ADDRESS',
    );
    await strict.close();
    const allowed = createOutbound({ allow: [new URL(store.url).host] });
    assert.equal(await tryObject(store.config, '软件/安装包 v1.2 (x64).zip', new Date(), allowed), 206);
    assert.equal(await tryObject(store.config, 'nothing.zip', new Date(), allowed), 404);
    await allowed.close();
  });

  it('E5: the form names what is missing or malformed; names of objects that climb are none', () => {
    assert.deepEqual(checkStore(store.config), []);
    assert.deepEqual(checkStore({ ...store.config, endpoint: 'ftp://x', bucket: 'A' }).map((p) => p.field), ['endpoint', 'bucket']); // prettier-ignore
    assert.deepEqual(['a/b.zip', 'ä ö'].map(isObjectKey), [true, true]);
    assert.deepEqual(['', '/a', 'a/../b', 'a\nb', '..'].map(isObjectKey), [false, false, false, false, false]);
  });
});
