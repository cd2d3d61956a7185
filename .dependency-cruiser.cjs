// The house: which folder may import which. The table stands in README.md (Architecture); this file holds it.
const rooms = [
  'domain',
  'db',
  'integrations',
  'workflows',
  'activities',
  'worker',
  'api',
  'web',
  'dev',
  'bench',
  'test',
];

/** Folders that `room` may not import, given the ones it may. */
const only = (room, may, extra = {}) => ({
  name: `${room}-imports-only-${may.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^${room}/`, ...extra },
  to: { path: `^(${rooms.filter((r) => r !== room && !may.includes(r)).join('|')})/` },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('domain', []),
    { name: 'domain-is-pure', severity: 'error', from: { path: '^domain/' }, to: { dependencyTypes: ['core', 'npm'] } },
    only('db', ['domain']),
    {
      name: 'db-knows-no-http-or-temporal',
      severity: 'error',
      from: { path: '^db/' },
      to: { path: 'node_modules/(express|@temporalio|undici)/' },
    },
    only('integrations', ['domain']),
    {
      name: 'integrations-know-no-db-or-temporal',
      severity: 'error',
      from: { path: '^integrations/' },
      to: { path: 'node_modules/(pg|@temporalio)/' },
    },
    only('workflows', ['domain', 'activities']),
    {
      name: 'workflows-see-only-types-of-activities',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    { name: 'workflows-do-no-io', severity: 'error', from: { path: '^workflows/' }, to: { dependencyTypes: ['core'] } },
    only('activities', ['domain', 'db', 'integrations']),
    {
      name: 'activities-know-no-express',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: 'node_modules/express/' },
    },
    only('worker', ['domain', 'db', 'integrations', 'workflows', 'activities']),
    only('api', ['domain', 'db', 'integrations', 'workflows'], { pathNot: '^api/main\\.ts$' }),
    only('api', ['domain', 'db', 'integrations', 'workflows', 'worker'], { path: '^api/main\\.ts$' }),
    only('web', ['api']),
    {
      name: 'web-sees-only-types-of-api',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^api/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'buyers-get-no-console-code',
      severity: 'error',
      from: { path: '^web/buyer' },
      to: { path: '(^web/(screens|shell|ui|api)/|node_modules/(react|antd))' },
    },
    {
      name: 'production-uses-no-dev-dependency',
      comment: 'The image is installed with --omit=dev.',
      severity: 'error',
      from: { pathNot: '^(dev|bench|test|web)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'production-never-imports-dev',
      severity: 'error',
      from: { pathNot: '^(dev|bench|test)/' },
      to: { path: '^(dev|bench|test)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.json'] },
  },
};
