// Browsers as people start them, with no protocol of automation: on an address, where the page itself reports.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findChromium, NO_CHROMIUM } from '../../../scripts/pages.mjs';

/** A program to start, with a fresh home folder. */
interface Command {
  readonly path: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A browser that may be installed here. */
export interface PlainBrowser {
  readonly name: string;
  /** Why it cannot be started here; undefined where it can. */
  readonly missing: string | undefined;
  /** Whether it needs a screen. */
  readonly needsScreen: boolean;
  /** How to start it on the address, with all that it writes in the folder. */
  command(address: string, folder: string): Command;
}

/** Folders of MiniBrowser, which Debian installs where no path leads. */
const MINI_BROWSER_FOLDERS = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap((machine) =>
  ['webkit2gtk-4.1', 'webkit2gtk-4.0'].map((version) => join('/usr/lib', machine, version)),
);

/** The first of the programs that is installed. */
function find(names: readonly string[], more: readonly string[] = []): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...more];
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

const firefoxPath = find(['firefox-esr', 'firefox']);
const miniBrowserPath = find(['MiniBrowser'], MINI_BROWSER_FOLDERS);
const screenPath = find(['Xvfb']);
const chromiumPath = findChromium();

/** No pages of a first start, no updates, nothing fetched from elsewhere. */
const FIREFOX_PREFERENCES: Record<string, boolean | number | string> = {
  'browser.aboutwelcome.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'extensions.update.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'services.settings.server': 'http://127.0.0.1:9/',
};

export const firefox: PlainBrowser = {
  name: 'Firefox',
  missing: firefoxPath === undefined ? 'there is no Firefox here; install firefox-esr' : undefined,
  needsScreen: false,
  command(address, folder) {
    const lines = Object.entries(FIREFOX_PREFERENCES).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    writeFileSync(join(folder, 'user.js'), lines.join(''));
    const args = ['--headless', '--no-remote', '--profile', folder, address];
    return { path: firefoxPath ?? '', args };
  },
};

export const webKit: PlainBrowser = {
  name: 'WebKit',
  missing:
    miniBrowserPath === undefined || screenPath === undefined
      ? 'there is no WebKit here; install webkit2gtk-driver and xvfb'
      : undefined,
  needsScreen: true,
  command: (address) => ({
    path: miniBrowserPath ?? '',
    args: [address],
    // Without it the browser does not start as root.
    env: { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', NO_AT_BRIDGE: '1', GIO_USE_VFS: 'local' },
  }),
};

export const plainChromium: PlainBrowser = {
  name: 'Chromium',
  missing: chromiumPath === undefined ? NO_CHROMIUM : undefined,
  needsScreen: false,
  command: (address, folder) => ({
    path: chromiumPath ?? '',
    args: [
      ...['--headless', '--no-sandbox', '--no-first-run', '--disable-background-networking'],
      ...[`--user-data-dir=${folder}`, '--remote-debugging-port=0', address],
    ],
  }),
};

/**
 * Runs the arguments as a command, and ends the whole group of processes when the command ends or when nobody
 * holds the standard input open any more: also after a test run that was killed.
 */
const IN_GROUP = '("$@"; kill -KILL 0) & cat >/dev/null; kill -KILL 0';

/**
 * Opens the address in the browser, waits for `work`, and ends the browser with all of its processes, whatever
 * has happened.
 * @throws Error when the browser ends before the work does, with what it printed.
 */
export async function whileOpen<T>(browser: PlainBrowser, address: string, work: Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'ctre-browser-'));
  const started: ChildProcess[] = [];
  const start = ({ path, args, env }: Command, screen?: string): ChildProcess => {
    const child = spawn('sh', ['-c', IN_GROUP, 'sh', path, ...args], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...{ PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: home, LANG: 'C.UTF-8', ...env },
        ...(screen !== undefined && { DISPLAY: screen }),
      },
    });
    started.push(child);
    return child;
  };
  try {
    const screen = browser.needsScreen
      ? await screenOf(start({ path: screenPath ?? '', args: ['-displayfd', '1', '-nolisten', 'tcp'] }))
      : undefined;
    const profile = join(home, 'profile');
    mkdirSync(profile);
    const child = start(browser.command(address, profile), screen);
    return await Promise.race([work, endOf(child, browser.name)]);
  } finally {
    // The last that was started ends first.
    for (const child of started.reverse()) {
      child.stdin?.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** Rejects when the program ends. */
async function endOf(child: ChildProcess, name: string): Promise<never> {
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (part) => {
      printed = `${printed}${part}`.slice(-5000);
    });
  }
  await once(child, 'close');
  throw new Error(`${name} has ended too early; it printed:\n${printed}`);
}

/** The display that an Xvfb has chosen, which it prints as a line. */
async function screenOf(child: ChildProcess): Promise<string> {
  child.stderr?.resume();
  let printed = '';
  await Promise.race([
    once(child, 'exit'),
    new Promise<void>((resolve) => {
      child.stdout?.on('data', (part) => {
        printed += part;
        if (printed.endsWith('\n')) resolve();
      });
    }),
  ]);
  if (!/^\d+\n$/.test(printed)) throw new Error('Xvfb has not started');
  return `:${printed.trim()}`;
}
