// From the set-up link to a closed alert, as one person does it; with script and without.
import { ADMIN, expect, test } from '../fixtures/test';

test.describe.configure({ mode: 'serial' });

test('the set-up form creates the first admin', async ({ page, server, checkPage }) => {
  await page.goto(`${server.url}/alerts`);
  await expect(page).toHaveURL(/\/setup$/);
  await page.goto(server.setupUrl);
  await checkPage(page);
  await page.getByLabel('Name', { exact: true }).fill(ADMIN.name);
  const passwords = page.locator('input[type=password]');
  await passwords.nth(0).fill(ADMIN.password);
  await passwords.nth(1).fill(ADMIN.password);
  await page.locator('main button[type=submit]').click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview');
});

test('every page passes axe and fits', async ({ signedIn: page, server, checkPage }) => {
  test.setTimeout(240_000); // forty looks with axe
  for (const path of ['/', '/alerts', '/events', '/rules', '/peers', '/peers/add', '/audit', '/admin/users', '/admin/tokens', '/account']) {
    for (const [width, colorScheme] of [[1440, 'dark'], [1440, 'light'], [390, 'dark'], [390, 'light']] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.goto(server.url + path);
      await checkPage(page);
    }
  }
});

test('a brute force becomes an alert that a person closes', async ({ signedIn: page, server, request, checkPage }) => {
  await page.goto(`${server.url}/peers/add`);
  await page.getByRole('button', { name: 'Make a token' }).click();
  await checkPage(page);
  const token = (await page.getByLabel('Enrolment token', { exact: true }).innerText()).trim();
  await page.reload();
  await expect(page.locator('main')).not.toContainText(token);
  const enrolled = await request.post(`${server.url}/api/v1/enroll`, { data: { token, name: 'bastion-01' } });
  expect(enrolled.status()).toBe(201);
  const key = (await enrolled.json()).api_key;
  const lines = Array.from({ length: 30 }, (_, i) => JSON.stringify({
    '@timestamp': new Date(Date.now() - 60_000 + i * 1000).toISOString(),
    message: `Failed password for invalid user admin${i} from 203.0.113.9 port ${40_000 + i} ssh2`,
    host: { name: 'bastion-01' }, process: { name: 'sshd', pid: 1000 + i },
  })).join('\n');
  const sent = await request.post(`${server.url}/api/v1/events`, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' }, data: lines,
  });
  expect(await sent.json()).toEqual({ accepted: 30, duplicates: 0, rejected: [] });

  await page.goto(`${server.url}/alerts?peer=bastion-01`);
  await page.locator('[data-row] a').first().click();
  await expect(page).toHaveURL(/\/alerts\?peer=bastion-01&selected=[0-9a-f-]{36}/);
  await checkPage(page);
  // Two people look at the same alert; one is faster.
  const other = await page.context().newPage();
  await other.goto(page.url());
  await page.getByRole('button', { name: /^Acknowledge/ }).click();
  await expect(page.locator('main')).toContainText('Acknowledged');
  await expect(page.locator('main')).toContainText(ADMIN.name);
  await other.getByRole('button', { name: 'Start work' }).click();
  await expect(other.getByRole('alert')).toContainText('changed by somebody else');
  await other.close();

  await page.getByLabel('Comment', { exact: true }).last().fill('Looks like the scanner of 203.0.113.9.');
  await page.getByRole('button', { name: 'Add comment' }).click();
  await expect(page.locator('main')).toContainText('Looks like the scanner');
  await page.locator('article').getByText('Resolve…').click();
  await page.getByLabel('What was it?').selectOption('true_positive');
  await page.getByRole('button', { name: 'Resolve', exact: true }).click();
  await expect(page.locator('main')).toContainText('True positive');
  await checkPage(page);
  await page.locator('article').getByText('Reopen…').click();
  await page.getByLabel('Reason').fill('It came back.');
  await page.getByRole('button', { name: 'Reopen', exact: true }).click();
  await expect(page.locator('main')).toContainText('It came back.');

  await page.goto(`${server.url}/audit`);
  await expect(page.locator('main')).toContainText('alert.status_changed');
  await page.goto(`${server.url}/audit?verify=1`);
  await expect(page.locator('main')).toContainText(/verif/i);
});

test('the keys answer where there is script', async ({ signedIn: page, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, 'keys are an island');
  // The island is ready when its dialog answers; until then a key does nothing.
  await expect(async () => {
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible({ timeout: 500 });
  }).toPass();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await expect(page).toHaveURL(/\/alerts$/);
});

test('signing out ends the session', async ({ signedIn: page, server }) => {
  await page.locator('header button[popovertarget=me]').click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/signin/);
  await page.goto(`${server.url}/alerts`);
  await expect(page).toHaveURL(/\/signin\?next=/);
});
