import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { databaseParts, readEnvironment, variables } from '../../integrations/environment.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';

interface Service {
  image: string;
  command?: string[];
  restart?: string;
  ports?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
  read_only?: boolean;
  depends_on?: Record<string, { condition: string }> | string[];
  healthcheck?: { test: string[] };
  logging?: { options?: Record<string, string> };
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file?: string }>;
}

const file = readFileSync('docker-compose.yml', 'utf8');
/** Words that an operator gives in `.env`. */
const given: Record<string, string> = {
  SITE: 'shop.example.com',
  SMTP_URL: 'smtps://u:p@mail.example.com:465',
  MAIL_FROM: 'Shop <no-reply@example.com>',
};
/** As `docker compose` fills in `${NAME:-default}` and `${NAME:?message}`; `$$` is a dollar sign. */
const filled = file.replace(
  /\$(?:\$|\{(\w+)(?::([-?])([^}]*))?\})/g,
  (_all, name?: string, how?: string, text = '') => {
    if (name === undefined) return '$';
    const value = given[name] ?? (how === '-' ? String(text) : undefined);
    assert.ok(value !== undefined, `${name} has neither value nor default`);
    return value;
  },
);
const compose = parse(filled, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const ours = services.filter(([, service]) => service.image.startsWith('miaofa:'));

// Read from the images' own documentation; a name that is not in the list is a name that does nothing.
const theirs: Record<string, readonly string[]> = {
  'temporalio/server': [
    ...['DB', 'DBNAME', 'VISIBILITY_DBNAME', 'DB_PORT', 'POSTGRES_SEEDS', 'POSTGRES_USER', 'POSTGRES_PWD'],
    ...['NUM_HISTORY_SHARDS', 'BIND_ON_IP', 'DYNAMIC_CONFIG_FILE_PATH', 'LOG_LEVEL'],
    'TEMPORAL_ALLOW_NO_AUTH',
  ],
  'temporalio/ui': [
    ...['TEMPORAL_ADDRESS', 'TEMPORAL_UI_PUBLIC_PATH', 'TEMPORAL_CODEC_ENDPOINT', 'TEMPORAL_NOTIFY_ON_NEW_VERSION'],
    ...['TEMPORAL_DEFAULT_NAMESPACE'],
  ],
  postgres: ['POSTGRES_USER', 'POSTGRES_DB', 'POSTGRES_PASSWORD_FILE'],
  caddy: ['SITE'],
  // Used by our own scripts in deploy/.
  'temporalio/admin-tools': ['POSTGRES_SEEDS', 'DB_PORT', 'POSTGRES_USER', 'TEMPORAL_ADDRESS'],
};

describe('G2: docker-compose.yml, the standard stack', () => {
  it('fits the schema of the Compose Specification', () => {
    const ajv = new Ajv2020({ allErrors: true, strict: false });
    formats.default(ajv);
    const validate = ajv.compile(JSON.parse(readFileSync('test/fixtures/compose-spec.json', 'utf8')) as object);
    assert.ok(validate(compose), ajv.errorsText(validate.errors));
    assert.ok(!validate({ services: { api: { imagee: 'x' } } }), 'the schema can refuse');
  });

  it('sets only variables that the programs know', () => {
    const known = new Set([...Object.keys(variables.shape), ...Object.keys(databaseParts)]);
    for (const [name, service] of services) {
      const image = service.image.split(':')[0] ?? '';
      const names = image === 'miaofa' ? known : new Set(theirs[image]);
      for (const variable of Object.keys(service.environment ?? {})) {
        assert.ok(names.has(variable), `${name}: ${variable}`);
      }
    }
  });

  it('gives our processes an environment that they accept', () => {
    for (const [name, { environment = {} }] of ours) {
      const env: Record<string, string> = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [
          key,
          key.endsWith('_FILE') ? 'test/fixtures/README.md' : value,
        ]),
      );
      const read = readEnvironment(env);
      assert.equal(read.PUBLIC_URL, 'https://shop.example.com', name);
      assert.match(read.DATABASE_URL, /^postgres:\/\/miaofa:.+@postgres:5432\/miaofa$/);
      assert.ok(read.OPS_TOKEN);
      for (const variable of ['MASTER_KEY', 'OPS_TOKEN', 'DATABASE_URL']) assert.ok(!(variable in environment));
    }
  });

  it('pins every image, and the Dockerfile its base', () => {
    for (const [name, { image }] of services) assert.match(image, /:\d+\.\d+(\.\d+)?(-[a-z]+)?$/, name);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    for (const [, { image }] of ours) assert.equal(image, `miaofa:${version}`);
    const bases = [...readFileSync('Dockerfile', 'utf8').matchAll(/^FROM (\S+)/gm)].map((match) => match[1] ?? '');
    assert.ok(bases.length > 0);
    for (const base of bases) assert.match(base, /^node:\d+\.\d+\.\d+-bookworm-slim$/);
  });

  it('has no default password, and brings secrets as files', () => {
    for (const [name, { environment = {} }] of services) {
      for (const [variable, value] of Object.entries(environment)) {
        if (/PASSWORD|PWD|SECRET|TOKEN|KEY/.test(variable)) {
          assert.match(value, /^\/run\/secrets\//, `${name}: ${variable}`);
        }
      }
      for (const secret of service(name).secrets ?? []) assert.ok(compose.secrets[secret]?.file, `${name}: ${secret}`);
    }
    assert.ok(!/(_PWD|PASSWORD)[=:] *['"]?\w+['"]?$/m.test(file));
  });

  it('rule 15: only the proxy has public ports', () => {
    for (const [name, { ports = [] }] of services) assert.ok(name === 'proxy' || ports.length === 0, name);
  });

  it('rule 16: the API needs PostgreSQL alone; whatever runs for long restarts and is watched', () => {
    const needs = (name: string): string[] => {
      const depends = service(name).depends_on ?? {};
      const direct = Array.isArray(depends) ? depends : Object.keys(depends);
      return [...direct, ...direct.flatMap(needs)];
    };
    assert.deepEqual([...new Set(needs('api'))].sort(), ['migrate', 'postgres']);
    for (const name of ['api', 'worker', 'postgres', 'temporal']) {
      assert.equal(service(name).restart, 'unless-stopped', name);
      assert.ok(service(name).healthcheck, name);
    }
    for (const name of needs('proxy')) assert.ok(service(name));
    // The image's own first start listens on a socket only; the migration, which comes once, must not meet it.
    assert.match(service('postgres').healthcheck?.test.join(' ') ?? '', /pg_isready -h /);
  });

  it('keeps no log without bound', () => {
    for (const [name, { logging }] of services) {
      assert.match(logging?.options?.['max-size'] ?? '', /^\d+m$/, name);
      assert.match(logging?.options?.['max-file'] ?? '', /^\d$/, name);
    }
  });

  it('PostgreSQL takes as many connections as all of the stack may open', () => {
    // The server's own config template: 20 and 10 for visibility (SQL_MAX_CONNS, SQL_VIS_MAX_CONNS), for each of four services.
    const temporal = 4 * (20 + 10);
    const others = 20; // two releases side by side, migration, backup, psql
    const taken = Number(/max_connections=(\d+)/.exec(service('postgres').command?.join(' ') ?? '')?.[1] ?? 100);
    const pools = 4 * 10; // db/sql.ts
    assert.ok(taken >= temporal + pools + others, String(taken));
  });

  it('mounts only what is there, and keeps what must stay in named volumes', () => {
    for (const [name, { volumes = [] }] of services) {
      for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
        if (source.startsWith('.')) assert.ok(existsSync(source), `${name}: ${source}`);
        else assert.ok(source in compose.volumes, `${name}: ${source}`);
      }
    }
    for (const [name, { command = [], read_only: readOnly }] of ours) {
      assert.ok(readOnly, name);
      const source =
        command
          .at(-1)
          ?.replace(/^dist\//, '')
          .replace(/js$/, 'ts') ?? '';
      assert.ok(existsSync(source), `${name}: ${source}`);
    }
  });

  it('has scripts that a shell can read, and all of our search attributes', () => {
    for (const script of readdirSync('deploy').filter((name) => name.endsWith('.sh'))) {
      execFileSync('sh', ['-n', `deploy/${script}`]);
    }
    const made = /^for name in (.+); do$/m.exec(readFileSync('deploy/temporal-namespace.sh', 'utf8'))?.[1]?.split(' ');
    assert.deepEqual(made, searchAttributes.map(([name]) => name)); // prettier-ignore
  });
});

function service(name: string): Service {
  const found = compose.services[name];
  assert.ok(found, `no service ${name}`);
  return found;
}
