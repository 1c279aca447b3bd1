// The queue: an alert beside the list, and changes of many; with script and without.
import type { Page } from '@playwright/test';
import { ADMIN, expect, test } from '../fixtures/test';
import { addPeers, bruteForce, send } from '../fixtures/seed';

test.describe.configure({ mode: 'serial' });

test.beforeAll(async ({ server, request }) => {
  // Another spec of the same server may have made the admin already.
  await server.command(['user', 'add', ADMIN.name, '--role', 'admin'], `${ADMIN.password}\n`).catch(() => undefined);
  const keys = await addPeers(server, ['queue-01', 'queue-02', 'queue-03']);
  for (const [n, [name, key]] of Object.entries(keys).entries()) {
    await send(server, request, key, bruteForce(name, `198.51.100.${n + 1}`, 10 + n));
  }
});

test('a row opens beside the list and its forms come back to it', async ({ signedIn: page, server, checkPage }) => {
  await page.goto(`${server.url}/alerts?q=queue-0`);
  await checkPage(page);
  await page.locator('[data-row] a').nth(1).click();
  await expect(page).toHaveURL(/\/alerts\?q=queue-0&selected=[0-9a-f-]{36}$/);
  await expect(page.locator('[data-row][aria-current=true]')).toHaveCount(1);
  await checkPage(page);
  await page.getByRole('button', { name: 'Start work' }).click();
  await expect(page).toHaveURL(/q=queue-0&selected=[0-9a-f-]{36}&done=in_progress/);
  await expect(page.locator('article')).toContainText('In progress');
  await page.setViewportSize({ width: 390, height: 900 });
  await expect(page.locator('.queue')).toBeHidden();
  await page.getByRole('link', { name: 'Back to the list' }).click();
  await expect(page.locator('.queue')).toBeVisible();
  await checkPage(page);
});

test('picked rows are resolved, overtaken ones are left, and all of it is undone', async ({ signedIn: page, server, checkPage }) => {
  await page.goto(`${server.url}/alerts?q=queue-0&status=open`);
  const open = await page.locator('.pick').count();
  expect(open).toBeGreaterThan(1);
  for (let n = 0; n < open; n += 1) await page.locator('.pick').nth(n).check();
  // Somebody else is faster with the first one.
  const other = await page.context().newPage();
  await other.goto(`${server.url}/alerts?q=queue-0&status=open`);
  await other.locator('article').getByRole('button', { name: 'Acknowledge' }).click();
  await expect(other).toHaveURL(/done=acknowledged/);
  await other.close();
  await page.bringToFront();
  await page.locator('.bar--bulk').getByText('Resolve…').click();
  await page.getByLabel('What were they?').selectOption('benign');
  await checkPage(page);
  await page.getByRole('button', { name: 'Resolve the picked' }).click();
  const told = page.getByRole('status').filter({ hasText: 'resolved as benign' });
  await expect(told).toContainText(`${open - 1} alert`);
  await expect(told).toContainText('1 alert changed by somebody else meanwhile');
  await checkPage(page);
  await told.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'reopened' })).toContainText(`${open - 1} alert`);
});

test('everything that matches is changed after a page that says how many', async ({ signedIn: page, server, checkPage }) => {
  await page.goto(`${server.url}/alerts?q=queue-0&status=open`);
  await page.getByRole('link', { name: 'Change all…' }).click();
  await expect(page).toHaveURL(/\/alerts\/change\?/);
  await checkPage(page);
  await page.getByRole('button', { name: /^Resolve \d+ alerts?$/ }).click();
  // What it was is missing: the browser sends nothing, and nothing typed is lost.
  await expect(page.getByLabel('What were they?')).toBeFocused();
  await expect(page).toHaveURL(/\/alerts\/change\?/);
  await page.getByRole('button', { name: /^Acknowledge \d+ alerts?$/ }).click();
  await expect(page).toHaveURL(/\/alerts\?q=queue-0&status=open&changed=/);
  await expect(page.getByRole('status').filter({ hasText: 'acknowledged' })).toBeVisible();
  await page.goto(`${server.url}/audit?action=alert.bulk`);
  await expect(page.locator('main')).toContainText('alert.bulk_status_changed');
});

/** Waits until the keys' island has woken up. */
async function keysAnswer(page: Page): Promise<void> {
  await expect(async () => {
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible({ timeout: 500 });
  }).toPass();
  await page.keyboard.press('Escape');
}

test('keys move, pick and open', async ({ signedIn: page, server, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, 'keys are an island');
  test.setTimeout(120_000);
  await page.goto(`${server.url}/alerts?q=queue-0&status=all`);
  await keysAnswer(page);
  // The first row is the selected one: the next key leads to the second.
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await expect(page.locator('.pick').nth(1)).toBeChecked();
  await page.keyboard.press('k');
  await page.keyboard.press('x');
  await expect(page.locator('.pick:checked')).toHaveCount(2);
  await page.keyboard.press('e');
  await expect(page.getByLabel('What were they?')).toBeFocused();
  // With nothing picked, a key acts on the row in focus, not on the alert that is shown.
  await page.goto(`${server.url}/alerts?q=queue-0&status=all`);
  await keysAnswer(page);
  await page.keyboard.press('j');
  await page.keyboard.press('e');
  await expect(page.locator('.pick').nth(1)).toBeChecked();
  await expect(page.locator('.pick:checked')).toHaveCount(1);
  await expect(page.getByLabel('What were they?')).toBeFocused();
  await page.locator('h1').click();
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
});

test('keys can be switched off', async ({ signedIn: page, server, javaScriptEnabled, checkPage }) => {
  test.skip(!javaScriptEnabled, 'keys are an island');
  await page.goto(`${server.url}/alerts`);
  await keysAnswer(page);
  const account = page.getByRole('button', { name: /^Account of/ });
  const keys = page.getByRole('checkbox', { name: 'Single keys act' });
  const list = page.getByRole('dialog', { name: 'Keys' });
  await account.click();
  await checkPage(page);
  await keys.uncheck();
  await page.reload();
  await account.click();
  // Shown once the page has woken up: from then on a key would do something.
  await expect(keys).not.toBeChecked();
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await account.click();
  await page.getByRole('button', { name: 'List of keys' }).click();
  await expect(list).toBeVisible();
  await expect(page).toHaveURL(/\/alerts/);
  await page.keyboard.press('Escape');
  await account.click();
  await keys.check();
  await page.keyboard.press('Escape');
  await keysAnswer(page);
});

test('the numbers of the overview lead to their lists', async ({ signedIn: page, server, checkPage }) => {
  await page.goto(`${server.url}/?range=1h`);
  await checkPage(page);
  const rule = page.locator('.bars li').first();
  const count = await rule.locator('.n').innerText();
  await rule.getByRole('link').click();
  await expect(page.locator('.bulkn')).toHaveText(`${count} match this filter`);
});
