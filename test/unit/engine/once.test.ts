import { describe, expect, it } from 'vitest';
import { Once } from '../../../src/engine/once.ts';

describe('what is made once', () => {
  it('is made by the first who asks, at once', async () => {
    const once = new Once<object>();
    const made = {};
    expect(once.started).toBeUndefined();
    expect(once.now(() => made)).toBe(made);
    expect(once.now(() => ({}))).toBe(made);
    expect(await once.later(async () => ({}))).toBe(made);
    expect(once.started).toBe(made);
  });

  it('is one thing for all who ask while it is being made', async () => {
    const once = new Once<object>();
    let makers = 0;
    const make = async () => ({ number: ++makers });
    const [first, second] = await Promise.all([once.later(make), once.later(make), once.started]);
    expect(second).toBe(first);
    expect(once.value).toBe(first);
    expect(makers).toBe(1);
  });

  it('is what was made at once where that came in between', async () => {
    const once = new Once<string>();
    const asked = once.later(async () => 'later');
    expect(once.now(() => 'now')).toBe('now');
    expect(await asked).toBe('now');
    expect(once.value).toBe('now');
  });

  it('is tried again where it failed', async () => {
    const once = new Once<string>();
    const fail = (): never => {
      throw new Error('refused');
    };
    expect(() => once.now(fail)).toThrow('refused');
    await expect(once.later(async () => fail())).rejects.toThrow('refused');
    expect(once.started).toBeUndefined();
    expect(await once.later(async () => 'made')).toBe('made');
  });
});
