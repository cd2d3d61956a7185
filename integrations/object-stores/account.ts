/** The settings of an object store: what the form asks for, sealed as it is kept, and an address to one of its objects. */
import { checkFields, type ConfigField, type ConfigProblem } from '../config-fields.ts';
import { secretAad, type Keyring } from '../keyring/keyring.ts';
import type { Outbound } from '../outbound.ts';
import { presign, type ObjectStore } from './presign.ts';

type Config = Readonly<Record<string, string>>;

export const storeFields: readonly ConfigField[] = [
  { key: 'endpoint', label: { zh: '访问域名 (Endpoint)', en: 'Endpoint' }, secret: false, required: true, pattern: /^https?:\/\/[^\s?#@/]{1,250}\/?$/, help: { zh: '不含存储桶名，例如 https://oss-cn-hangzhou.aliyuncs.com', en: 'Without the bucket, like https://s3.eu-central-1.amazonaws.com' } },
  { key: 'region', label: { zh: '地域 (Region)', en: 'Region' }, secret: false, required: true, pattern: /^[a-z0-9-]{2,40}$/, help: { zh: '例如 oss-cn-hangzhou、us-east-1；Cloudflare R2 填 auto', en: 'Like us-east-1; auto for Cloudflare R2' } },
  { key: 'bucket', label: { zh: '存储桶 (Bucket)', en: 'Bucket' }, secret: false, required: true, pattern: /^[a-z0-9][a-z0-9.-]{1,62}$/ },
  { key: 'accessKeyId', label: { zh: 'AccessKey ID', en: 'Access key id' }, secret: false, required: true, pattern: /^[\x21-\x7e]{4,128}$/, help: { zh: '请使用只能读取该存储桶的子账号密钥', en: 'Of a user who may only read this bucket' } },
  { key: 'secretAccessKey', label: { zh: 'AccessKey Secret', en: 'Secret access key' }, secret: true, required: true, pattern: /^[\x21-\x7e]{8,256}$/ },
  { key: 'style', label: { zh: '寻址方式', en: 'Addressing' }, secret: false, required: false, pattern: /^(virtual|path)$/, fallback: 'virtual',
    options: [{ value: 'virtual', label: { zh: '存储桶在域名中（多数云）', en: 'Bucket in the host (most clouds)' } }, { value: 'path', label: { zh: '存储桶在路径中（MinIO）', en: 'Bucket in the path (MinIO)' } }] },
]; // prettier-ignore

export const checkStore = (config: Config): ConfigProblem[] => checkFields(storeFields, config);

/** Sealed to its row. */
export function sealStore(keyring: Keyring, id: number, config: Config): Buffer {
  return keyring.seal('secret', JSON.stringify(config), secretAad('object_stores', id));
}

export function openStore(keyring: Keyring, id: number, sealed: Buffer): Config {
  return JSON.parse(keyring.open('secret', sealed, secretAad('object_stores', id)).toString('utf8')) as Config;
}

/** True for the name of an object that may be sold. */
export function isObjectKey(key: string): boolean {
  return /^[^\p{Cc}/][^\p{Cc}]{0,899}$/u.test(key) && key.split('/').every((part) => part !== '.' && part !== '..');
}

function storeOf(config: Config): ObjectStore {
  const text = (key: string): string => config[key] ?? '';
  return {
    endpoint: text('endpoint').replace(/\/$/, ''),
    region: text('region'),
    bucket: text('bucket'),
    accessKeyId: text('accessKeyId'),
    secretAccessKey: text('secretAccessKey'),
    pathStyle: config['style'] === 'path',
  };
}

/** How long the address of one download lives, in seconds: a slow start, never long enough to be passed on. */
const lifeSeconds = 300;

/** The address for one download, made at the moment of it. */
export function objectAddress(config: Config, key: string, at: Date): string {
  return presign(storeOf(config), key, lifeSeconds, at, key.split('/').at(-1));
}

/** Fetches the first byte of an object, through the guarded door for calls out. The status that the store answers. */
export async function tryObject(config: Config, key: string, at: Date, outbound: Outbound): Promise<number> {
  const url = presign(storeOf(config), key, 60, at);
  return (await outbound.request({ method: 'GET', url, headers: { range: 'bytes=0-0' } })).status;
}
