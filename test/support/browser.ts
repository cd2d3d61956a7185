/** A real Chromium, headless, that knows only this machine. */
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { onEnd } from './services.ts';

const places = [
  process.env['CHROMIUM_PATH'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

let started: Promise<Browser> | undefined;

/** One browser per run; each test opens a context of its own. */
export function testBrowser(): Promise<Browser> {
  return (started ??= launch());
}

async function launch(): Promise<Browser> {
  const executablePath = places.find((place) => place !== '' && existsSync(place));
  if (executablePath === undefined) {
    throw new Error('no Chromium: install the package chromium, or name one with CHROMIUM_PATH');
  }
  const browser = await chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
  onEnd(() => browser.close());
  return browser;
}
