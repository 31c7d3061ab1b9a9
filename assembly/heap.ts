// A heap of the best numbers so far: the least of them comes first, so that one comparison tells whether
// another number is among the best.

/** Puts a number in the place of the least of a heap's `length` numbers; returns the new least one. */
export function replaceLeast<T>(heap: usize, length: i32, number: T): T {
  const end = heap + <usize>length * sizeof<T>();
  let at = heap;
  while (true) {
    let child = at + (at - heap) + sizeof<T>(); // position 2 · i + 1
    if (child >= end) break;
    let next = load<T>(child);
    if (child + sizeof<T>() < end) {
      const other = load<T>(child, sizeof<T>());
      if (other < next) {
        next = other;
        child += sizeof<T>();
      }
    }
    if (next >= number) break;
    store<T>(at, next);
    at = child;
  }
  store<T>(at, number);
  return load<T>(heap);
}

/** Sorts a heap: the largest number comes first. */
export function sortHeap<T>(heap: usize, length: i32): void {
  for (let last = length - 1; last > 0; last--) {
    const end = heap + <usize>last * sizeof<T>();
    const least = load<T>(heap);
    replaceLeast<T>(heap, last, load<T>(end));
    store<T>(end, least);
  }
}
