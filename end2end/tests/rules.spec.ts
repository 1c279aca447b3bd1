// Rules: a pack comes in by the form, what cannot run is named, and a rule is switched.
import { ADMIN, expect, test } from '../fixtures/test';
import { zip } from '../fixtures/zip';

test.beforeAll(async ({ server }) => {
  await server.command(['user', 'add', ADMIN.name, '--role', 'admin'], `${ADMIN.password}\n`).catch(() => undefined);
});

const rule = (id: string, title: string, value: string) => `title: ${title}
id: ${id}
description: Somebody looked for the needle.
author: Ada
tags: [attack.discovery, attack.t1083]
logsource: { product: linux, service: sshd }
detection:
  selection: { message|contains: '${value}' }
  condition: selection
falsepositives: [Sewing]
level: medium
`;

test('a pack is imported, and what cannot run is named', async ({ signedIn: page, server, checkPage }) => {
  const ids = ['0b1f0e6a-60a7-4d1b-9d55-000000000001', '0b1f0e6a-60a7-4d1b-9d55-000000000002'];
  const pack = zip({
    'pack/needle.yml': rule(ids[0], 'Needle found', 'needle'),
    'pack/names.yml': rule(ids[1], 'Names of ours', '%names%').replace('message|contains', 'message|expand'),
    'pack/broken.yml': 'title: [',
    'pack/readme.txt': 'no rule',
  });
  await page.goto(`${server.url}/rules/import`);
  await checkPage(page);
  await page.getByLabel('Zip archive').setInputFiles({ name: 'needles.zip', mimeType: 'application/zip', buffer: pack });
  await page.getByRole('button', { name: 'Import' }).click();
  await expect(page).toHaveURL(/\/rules\/imports\/[0-9a-f-]{36}$/);
  await expect(page.locator('.callout')).toContainText('Rules that can run: 1');
  await expect(page.getByRole('region', { name: 'Refused' })).toContainText('pack/broken.yml');
  await expect(page.getByRole('region', { name: 'Need values' })).toContainText('pack/names.yml');
  await checkPage(page);
  await page.setViewportSize({ width: 390, height: 900 });
  await checkPage(page);

  await page.goto(`${server.url}/rules/${ids[0]}`);
  await expect(page.locator('article')).toContainText('Somebody looked for the needle.');
  await expect(page.locator('article')).toContainText('Can be harmless: Sewing.');
  await checkPage(page);
  await page.goto(`${server.url}/audit?action=rule`);
  await expect(page.locator('main')).toContainText('needles');
});

test('what is no archive changes nothing and is told', async ({ signedIn: page, server, checkPage }) => {
  await page.goto(`${server.url}/rules/import`);
  await page.getByLabel('Zip archive').setInputFiles({ name: 'none.zip', mimeType: 'application/zip', buffer: Buffer.from('no archive') });
  await page.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('alert')).toContainText('Nothing was imported');
  await checkPage(page);
});
