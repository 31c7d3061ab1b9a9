// The package's command is made by its install script; its binary lies in a package for the machine.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const [build] = readdirSync('node_modules/@oven');
const args = ['main.js', ...process.argv.slice(2)];
const { status } = spawnSync(`node_modules/@oven/${build}/bin/bun`, args, { stdio: 'inherit' });
process.exit(status ?? 1);
