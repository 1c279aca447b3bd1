// Every page beside its picture: 1440 and 390 pixels wide, dark and light. The pictures are made on one platform; another
// one draws letters differently and skips the comparison. To make them anew: `cargo xtask snapshots`; then look at each.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestInfo } from '@playwright/test';
import { startServer, type RunningServer } from '../fixtures/server';
import { ADMIN, expect, test as base } from '../fixtures/test';
import { addPeers, background, bruteForce, send } from '../fixtures/seed';

/** A server of its own: what other specs did must not be in the pictures. */
const test = base.extend<object, { server: RunningServer }>({
  server: [async ({}, use) => {
    const server = await startServer();
    await use(server);
    await server.stop();
  }, { scope: 'worker', timeout: 120_000 }],
});

/** What decides how letters are drawn: the system, and the fonts that the style's families end in. */
function platform(): string {
  const font = (family: string) => {
    try {
      return execFileSync('fc-match', [family], { encoding: 'utf8' }).trim();
    } catch {
      return 'unknown';
    }
  };
  return [process.platform, font('system-ui'), font('monospace')].join('\n');
}

/** Why the pictures cannot be compared here; nothing when they can. While they are made, the platform is written down. */
function otherPlatform(info: TestInfo, here: string): string | undefined {
  const file = join(info.snapshotDir, 'platform.txt');
  if (info.config.updateSnapshots === 'all') {
    mkdirSync(info.snapshotDir, { recursive: true });
    writeFileSync(file, `${here}\n`);
  }
  const made = existsSync(file) ? readFileSync(file, 'utf8').trim() : 'nowhere yet';
  const words = (text: string) => text.replaceAll('\n', ', ');
  return made === here ? undefined : `the pictures were made on ${words(made)}; this is ${words(here)}`;
}

const SHOT = { maskColor: '#808080', maxDiffPixelRatio: 0.02, animations: 'disabled', caret: 'hide' } as const;

test.describe.configure({ mode: 'serial' });

test.beforeAll(async ({ server, request }) => {
  await server.command(['user', 'add', ADMIN.name, '--role', 'admin'], `${ADMIN.password}\n`).catch(() => undefined);
  const keys = await addPeers(server, ['bastion-01', 'db-01', 'web-01', 'web-02']);
  for (const [name, key] of Object.entries(keys)) await send(server, request, key, background(name));
  await send(server, request, keys['bastion-01'], bruteForce('bastion-01', '203.0.113.9', 30));
  await send(server, request, keys['web-01'], bruteForce('web-01', '203.0.113.40', 200));
  await send(server, request, keys['web-02'], bruteForce('web-02', '203.0.113.88', 400));
});

const PAGES: [string, string][] = [
  ['overview', '/'],
  ['alerts', '/alerts'],
  ['alerts-empty', '/alerts?q=nothing-like-it'],
  ['change-alerts', '/alerts/change'],
  ['events', '/events?q=Failed&limit=5'],
  ['rules', '/rules?q=brute'],
  ['peers', '/peers'],
  ['add-peer', '/peers/add'],
  ['audit', '/audit?action=peer.'],
  ['users', '/admin/users'],
  ['tokens', '/admin/tokens'],
  ['account', '/account'],
  ['not-found', '/nothing-here'],
  ['bad-filter', '/alerts?since=soon'],
];

test('pages look as they did', async ({ signedIn: page, server, javaScriptEnabled }, info) => {
  test.skip(!javaScriptEnabled, 'script changes nothing that is drawn here');
  test.setTimeout(240_000);
  const other = otherPlatform(info, platform());
  test.skip(other !== undefined, other);
  for (const [width, colorScheme] of [[1440, 'dark'], [1440, 'light'], [390, 'dark'], [390, 'light']] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    for (const [name, path] of PAGES) {
      await page.goto(server.url + path);
      await expect.soft(page, `${name} ${width} ${colorScheme}`).toHaveScreenshot(`${name}-${width}-${colorScheme}.png`, {
        // Times, ids and what hangs on them differ in every run.
        ...SHOT,
        mask: [page.locator('[data-connection], [data-live], time:not(details:not([open]) *), .chart, .figurelist dd, .figure .d, code, .rail__n, .fleet, .legend--fleet, .bar--hint, .mono')],
      });
    }
  }
});

test('doors look as they did', async ({ page, server, javaScriptEnabled }, info) => {
  test.skip(!javaScriptEnabled, 'script changes nothing that is drawn here');
  const other = otherPlatform(info, platform());
  test.skip(other !== undefined, other);
  for (const [width, colorScheme] of [[1440, 'dark'], [390, 'light']] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await page.goto(`${server.url}/signin`);
    await expect.soft(page).toHaveScreenshot(`sign-in-${width}-${colorScheme}.png`, {
      ...SHOT,
      mask: [page.locator('.mono')],
    });
  }
});
