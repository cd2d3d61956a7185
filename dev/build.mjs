// `npm run build`: TypeScript → dist/, and the workflow bundle that production workers load. Keyed by a hash of the
// sources, so that an unchanged tree costs milliseconds.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildWeb } from './build-web.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const folders = ['domain', 'db', 'integrations', 'workflows', 'activities', 'worker', 'api', 'dev', 'bench'];

function hashSources() {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'])
    hash.update(readFileSync(path.join(root, file)));
  for (const folder of folders.filter((name) => existsSync(path.join(root, name)))) {
    const files = readdirSync(path.join(root, folder), { recursive: true }).map(String).sort();
    for (const file of files.filter((name) => /\.(ts|mjs|json)$/.test(name) && !name.startsWith('results'))) {
      hash.update(file).update(readFileSync(path.join(root, folder, file)));
    }
  }
  return hash.digest('hex');
}

/** Builds into a fresh folder and puts it in place whole: a build that was interrupted is never run. */
export async function build() {
  const stamp = path.join(root, 'dist', '.sources');
  const sources = hashSources();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) {
    await buildWeb();
    return;
  }
  const began = Date.now();
  process.stderr.write('正在编译… / Building…\n');
  const fresh = path.join(root, `.miaofa-build-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  // Pages that are still those of the sources are kept.
  const pages = path.join(root, 'dist', 'web');
  if (existsSync(pages)) cpSync(pages, path.join(fresh, 'web'), { recursive: true });
  try {
    const web = buildWeb(path.join(fresh, 'web'));
    web.catch(() => undefined); // awaited below

    const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = [
      tsc,
      '-p',
      'tsconfig.build.json',
      '--outDir',
      fresh,
      '--incremental',
      'false',
      '--tsBuildInfoFile',
      'null',
    ];
    const compiler = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
    const [status] = await once(compiler, 'exit');
    if (status !== 0) throw new Error('编译失败 / the build failed');
    const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
    const { code } = await bundleWorkflowCode({
      workflowsPath: path.join(fresh, 'workflows', 'index.js'),
      logger: new DefaultLogger('WARN'),
    });
    writeFileSync(path.join(fresh, 'workflow-bundle.js'), code);
    await web;
    writeFileSync(path.join(fresh, '.sources'), sources);
    rmSync(path.join(root, 'dist'), { recursive: true, force: true });
    renameSync(fresh, path.join(root, 'dist'));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  process.stderr.write(`编译完成 / Built in ${((Date.now() - began) / 1000).toFixed(1)} s\n`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await build();
