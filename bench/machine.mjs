// The machine that the figures were measured on. They name no path of it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** The size of a core's L2 cache in bytes, where Linux tells it; else 1 MiB. */
export const l2Bytes = readL2() ?? 1 << 20;

function readL2() {
  try {
    const size = readFileSync('/sys/devices/system/cpu/cpu0/cache/index2/size', 'utf8');
    return 1024 * Number.parseInt(size, 10);
  } catch {
    return undefined;
  }
}

/** Processor, cores, caches, memory, commit and date. */
export function describeMachine() {
  const cpus = os.cpus();
  const git = (...args) => {
    const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
    return status === 0 ? stdout.trim() : undefined;
  };
  return {
    cpu: cpus[0]?.model ?? os.arch(),
    cores: cpus.length,
    l2KiB: l2Bytes / 1024,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.platform()} ${os.arch()}`,
    commit: git('rev-parse', 'HEAD') ?? 'unknown',
    changed: (git('status', '--porcelain', '--', 'assembly', 'src') ?? '') !== '',
    date: new Date().toISOString().slice(0, 10),
  };
}
