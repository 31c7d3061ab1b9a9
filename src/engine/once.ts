/** What is made once, by whoever asks first, at once or not. */
export class Once<T> {
  /** It, where it is there. */
  value: T | undefined;
  #making: Promise<T> | undefined;

  /** It, or what becomes of making it; undefined where nobody asked. */
  get started(): T | Promise<T> | undefined {
    return this.value ?? this.#making;
  }

  /** It, made now where it is not there. The next call tries again where this one fails. */
  now(make: () => T): T {
    this.value ??= make();
    return this.value;
  }

  /** As `now`, and it may take its time. */
  async later(make: () => Promise<T>): Promise<T> {
    if (this.value !== undefined) return this.value;
    this.#making ??= make().finally(() => {
      this.#making = undefined;
    });
    const made = await this.#making;
    // `now` may have made another meanwhile.
    this.value ??= made;
    return this.value;
  }
}
