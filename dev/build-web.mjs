// The browser's part: console and buyer pages → dist/web, with each file compressed beside it, so that serving costs
// nothing. Keyed by a hash of the sources, like the rest of the build.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

function hashWeb() {
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json')));
  hash.update(readFileSync(path.join(root, 'dev', 'build-web.mjs')));
  const files = readdirSync(path.join(root, 'web'), { recursive: true }).map(String).sort();
  for (const file of files.filter((name) => /\.(tsx?|css|html|svg)$/.test(name)))
    hash.update(file).update(readFileSync(path.join(root, 'web', file)));
  return hash.digest('hex');
}

function compress(folder) {
  for (const file of readdirSync(folder, { recursive: true }).map(String)) {
    if (!/\.(js|css|svg)$/.test(file)) continue;
    const bytes = readFileSync(path.join(folder, file));
    writeFileSync(path.join(folder, `${file}.gz`), gzipSync(bytes, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
    writeFileSync(path.join(folder, `${file}.br`), brotliCompressSync(bytes, { params }));
  }
}

/** Builds into `target` (a folder that may hold an earlier build); nothing is done if that one is of these sources. */
export async function buildWeb(target = path.join(root, 'dist', 'web')) {
  const sources = hashWeb();
  const stamp = path.join(target, '.sources');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
  const fresh = `${target}-${process.pid}`;
  const [{ build }, { default: react }] = await Promise.all([import('vite'), import('@vitejs/plugin-react')]);
  try {
    await build({
      configFile: false,
      root: path.join(root, 'web'),
      logLevel: 'warn',
      plugins: [react()],
      build: {
        outDir: fresh,
        emptyOutDir: true,
        manifest: true,
        target: 'es2022',
        chunkSizeWarningLimit: 2000,
        rolldownOptions: {
          input: { console: path.join(root, 'web', 'index.html'), buyer: path.join(root, 'web', 'buyer.html') },
        },
      },
    });
    compress(path.join(fresh, 'assets'));
    writeFileSync(path.join(fresh, '.sources'), sources);
    rmSync(target, { recursive: true, force: true });
    renameSync(fresh, target);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await buildWeb();
