// News without reloading: one alert, a server that goes away, eight tabs, a tab that nobody looks at.
import type { APIRequestContext, BrowserContext, Page, Request } from '@playwright/test';
import { startServer, type RunningServer } from '../fixtures/server';
import { ADMIN, expect, test } from '../fixtures/test';

// A server of its own: it is restarted here.
let own: RunningServer;
let key = '';
let hosts = 0;

test.beforeAll(async ({ playwright }) => {
  own = await startServer();
  await own.command(['user', 'add', ADMIN.name, '--role', 'admin'], ADMIN.password);
  key = await own.command(['peer', 'add', 'bastion-01']);
  // A new admin is an alert of its own; it must not come between.
  const token = await own.command(['token', 'add', 'reader', '--role', 'viewer']);
  const api = await playwright.request.newContext({ extraHTTPHeaders: { authorization: `Bearer ${token}` } });
  await expect.poll(async () => (await (await api.get(`${own.url}/api/v1/alerts?peer=wolfsec`)).json()).items.length).toBe(1);
  await api.dispose();
});
test.afterAll(async () => { await own.stop(); });

async function signIn(page: Page) {
  await page.goto(`${own.url}/signin`);
  await page.getByLabel('Name').fill(ADMIN.name);
  await page.getByLabel('Password', { exact: true }).fill(ADMIN.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview');
}

/** A brute force on a host that was quiet before: one alert. */
async function raise(request: APIRequestContext) {
  hosts += 1;
  const host = `host-${hosts}`;
  const lines = Array.from({ length: 30 }, (_, i) => JSON.stringify({
    '@timestamp': new Date(Date.now() - 60_000 + i * 1000).toISOString(),
    message: `Failed password for invalid user admin${i} from 203.0.113.${hosts} port ${40_000 + i} ssh2`,
    host: { name: host }, process: { name: 'sshd', pid: 1000 + i },
  })).join('\n');
  const sent = await request.post(`${own.url}/api/v1/events`, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' }, data: lines,
  });
  expect((await sent.json()).accepted).toBe(30);
  return host;
}

/** Words that are hidden do not count. */
const SHOWN = { useInnerText: true };
const connection = (page: Page) => page.locator('[data-connection]');
const news = (page: Page, text: string) => page.getByRole('link', { name: text, exact: true });

/** Streams that are open now. */
function streams(context: BrowserContext) {
  const open = new Set<Request>();
  context.on('request', (request) => { if (new URL(request.url()).pathname === '/live') open.add(request); });
  context.on('requestfinished', (request) => open.delete(request));
  context.on('requestfailed', (request) => open.delete(request));
  return open;
}

test('an alert is announced, and a click shows it', async ({ page, request, javaScriptEnabled, checkPage }) => {
  await signIn(page);
  await page.goto(`${own.url}/alerts?peer=bastion-01`);
  const before = Number(await page.locator('.rail__n').innerText());
  if (javaScriptEnabled) await expect(connection(page)).toHaveText('Live', SHOWN);
  const host = await raise(request);
  if (javaScriptEnabled) {
    await expect(news(page, '1 new alert')).toBeVisible();
    await expect(page.locator('.rail__n')).toHaveText(String(before + 1));
    await expect(page.locator('[data-row]'), 'nothing jumps').toHaveCount(0);
    await checkPage(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await checkPage(page);
    await news(page, '1 new alert').click();
  } else {
    await page.reload();
  }
  await expect(page.locator('[data-row]').first()).toContainText(host);
  await expect(page.locator('.newpill')).toBeHidden();
});

test('the overview counts in place', async ({ page, request, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, 'without script the next load says it');
  await signIn(page);
  await expect(connection(page)).toHaveText('Live', SHOWN);
  const figures = page.locator('.needs .v');
  const total = async () => (await figures.allInnerTexts()).reduce((sum, text) => sum + Number(text), 0);
  const before = await total();
  await raise(request);
  await expect(news(page, '1 new alert')).toHaveAttribute('href', '/');
  await expect.poll(total).toBe(before + 1);
  await expect(page.locator('.rail__n')).toHaveText(String(before + 1));
});

test('a server that comes back is found again', async ({ page, request, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, 'there is no stream without script');
  await signIn(page);
  await page.goto(`${own.url}/alerts`);
  await expect(connection(page)).toHaveText('Live', SHOWN);
  await own.restart(async () => {
    await expect(connection(page)).toHaveText(/^Reconnecting, since \d\d:\d\d UTC$/, SHOWN);
  });
  await raise(request);
  await expect(news(page, '1 new alert')).toBeVisible();
  await expect(connection(page)).toHaveText('Live', SHOWN);
});

test('eight tabs share one stream and leave room for more', async ({ page, context, request, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, 'there is no stream without script');
  await signIn(page);
  const open = streams(context);
  const tabs = [page];
  while (tabs.length < 8) tabs.push(await context.newPage());
  for (const tab of tabs) {
    await tab.goto(`${own.url}/alerts`);
    await expect(connection(tab)).toHaveText('Live', SHOWN);
  }
  expect(open.size).toBe(1);
  await raise(request);
  for (const tab of tabs) await expect(news(tab, '1 new alert')).toBeVisible();
  const ninth = await context.newPage();
  expect((await ninth.goto(`${own.url}/events`))!.status()).toBe(200);
  await ninth.close();
  // Whoever holds the stream goes: the next one takes over.
  const holder = [...open][0].frame().page();
  await holder.close();
  await raise(request);
  for (const tab of tabs.filter((tab) => tab !== holder)) await expect(news(tab, '2 new alerts')).toBeVisible();
  // A closed tab does not say how its requests ended.
  expect([...open].filter((request) => !request.frame().page().isClosed())).toHaveLength(1);
});

test('a hidden tab closes the stream and catches up when it is seen', async ({ page, context, request, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, 'there is no stream without script');
  const show = (state: string) => page.evaluate((state) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
  await signIn(page);
  const open = streams(context);
  await page.goto(`${own.url}/alerts`);
  await expect(connection(page)).toHaveText('Live', SHOWN);
  await expect.poll(() => open.size).toBe(1);
  await show('hidden');
  await expect.poll(() => open.size).toBe(0);
  await raise(request);
  await show('visible');
  await expect(news(page, '1 new alert')).toBeVisible();
  await expect.poll(() => open.size).toBe(1);
});

test('a session that ends is said', async ({ page, context, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, 'there is no stream without script');
  await signIn(page);
  await expect(connection(page)).toHaveText('Live', SHOWN);
  const other = await context.newPage();
  await other.goto(`${own.url}/account`);
  await other.locator('header button[popovertarget=me]').click();
  await other.getByRole('button', { name: 'Sign out' }).click();
  await expect(other).toHaveURL(/\/signin/);
  await expect(connection(page)).toContainText('Session ended');
  await expect(connection(page).getByRole('link', { name: 'Sign in' })).toBeVisible();
});
