/** A person of the console in a browser of their own, signed in. */
import type { Locator } from 'playwright-core';
import type { StaffRole } from '../../db/staff.ts';
import { newPerson, type Person } from './browser.ts';
import { signedIn, type StaffClient } from './staff.ts';
import type { System } from './system.ts';

export interface ConsolePerson extends Person {
  readonly client: StaffClient;
  /** Opens a screen and waits for its title. */
  open(path: string, title: string | RegExp): Promise<void>;
  /** The button with this text; antd puts a space between two Chinese characters. */
  button(text: string, within?: Locator): Locator;
  /** Chooses an option of a select. */
  pick(select: Locator, option: string | RegExp): Promise<void>;
  /** What the page says for a moment: "已保存". */
  told(text: string | RegExp): Promise<void>;
}

export async function atConsole(
  system: Pick<System, 'base' | 'parts'>,
  role: StaffRole,
  options: { readonly phone?: boolean; readonly dark?: boolean } = {},
): Promise<ConsolePerson> {
  const client = await signedIn(system, role);
  const person = await newPerson({ ...options, cookie: { base: system.base, value: client.cookie } });
  const { page } = person;
  return Object.assign(person, {
    client,
    async open(path: string, title: string | RegExp) {
      await page.goto(`${system.base}/console/${path}`);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
    },
    button(text: string, within?: Locator) {
      const name = /^\p{Script=Han}{2}$/u.test(text) ? new RegExp(`^${text.charAt(0)}\\s*${text.charAt(1)}$`) : text;
      return (within ?? page).getByRole('button', { name });
    },
    async pick(select: Locator, option: string | RegExp) {
      const choice = page.locator('.ant-select-item-option:visible').filter({ hasText: option }).first();
      // On a busy machine the list may close before it has come to rest; a person opens it again.
      for (let tries = 0; tries < 5; tries++) {
        await select.click();
        const chosen = await choice.click({ timeout: 4_000 }).then(
          () => true,
          () => false,
        );
        if (chosen) return;
      }
      throw new Error(`no option ${option}`);
    },
    async told(text: string | RegExp) {
      await page.locator('.ant-message').getByText(text).first().waitFor();
    },
  });
}
