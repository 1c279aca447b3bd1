import { defineConfig } from '@playwright/test';

// Every spec runs twice: pages must work before, and without, script.
const chromium = {
  browserName: 'chromium' as const,
  launchOptions: {
    executablePath: process.env.WOLFSEC_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  },
};

export default defineConfig({
  testDir: './tests',
  // One server a project: specs of a project share it, in order.
  workers: 1,
  fullyParallel: false,
  forbidOnly: !!process.env.CI,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: { ...chromium, viewport: { width: 1440, height: 900 }, trace: 'retain-on-failure' },
  projects: [
    { name: 'script-on', use: { javaScriptEnabled: true } },
    { name: 'script-off', use: { javaScriptEnabled: false } },
  ],
});
