import { describe, expect, it } from 'vitest';
import { withoutPassword } from '../../../src/cli/queue/address.ts';
import { ctre } from './harness.ts';

describe('the password of a queue', () => {
  it.each([
    ['redis://:secret@host:6379/0', 'redis://host:6379/0'],
    ['--queue=rediss://user:secret@host', '--queue=rediss://host'],
    // The last @ ends it, and it may have blanks.
    ['redis://:pass@secret@host/1', 'redis://host/1'],
    ['redis://:a secret word@host/1', 'redis://host/1'],
    ['redis://host/1 and name@example.org', 'redis://host/1 and name@example.org'],
    ['no address', 'no address'],
  ])('is taken out of %s', (text, shown) => {
    expect(withoutPassword(text)).toBe(shown);
  });

  it.each([
    ['worker', 'redis://:secret@host'],
    ['compare', 'rediss://:secret@host'],
  ])('is not told by %s where the address is no option', async (command, address) => {
    const { code, stdout, stderr } = await ctre([command, address]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/give it with --queue/);
    expect(stdout + stderr).not.toContain('secret');
  });
});
