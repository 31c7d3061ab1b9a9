// What float32 arithmetic may err, derived from its rules: truths in float64, each with the bound of what any float32
// evaluation in the same operations gives. Where the bound cannot say which class a result has (finite, infinite, NaN),
// it says so instead of passing everything.

/** Half the distance of neighbouring float32 numbers at 1: the most one operation's rounding errs, relatively. */
const UNIT = 2 ** -24;

/** The most the rounding of a product or quotient below the normal numbers errs, twice over: the truth rounds too. */
const UNDERFLOW = 2 ** -149;

/** Numbers from here on round to infinity: the largest float32 number and half the distance to the next. */
const OVERFLOW = 2 ** 128 - 2 ** 103;

/**
 * The relative error of the kernels' exponential. Where |r| ≤ ln 2 / 2: two units from the last steps of the polynomial,
 * 2.3e-8 from rounding r, 0.7e-8 from cutting the series off.
 */
export const EXP_ERROR = 2e-7;

/** Below this the kernels' exponential is 0. */
const EXP_FLUSH = 2 ** -125;

/** Thrown where the truth says nothing about a result: a test asked for it with unfit numbers. */
export class Undecided extends Error {}

/** A truth and how far from it a right result may be. A truth that is NaN or infinite has to be met exactly. */
export interface Truth {
  readonly value: number;
  readonly error: number;
}

/**
 * γ_n = n·u / (1 − n·u), the most that n roundings in a row err, relatively (Higham 2002, §3.1). One more than asked,
 * for the rounding of the truth itself in float64.
 */
export function gamma(operations: number): number {
  const error = (operations + 1) * UNIT;
  return error / (1 - error);
}

/** A sum of products in float64, and what its evaluation in float32 in any order may err. */
export class Sum {
  #positive = 0;
  #negative = 0;
  #terms = 0;

  constructor(start?: number) {
    if (start !== undefined) this.add(start);
  }

  /** A term, exact in float64 as the product of two float32 numbers is. */
  add(term: number): void {
    const rounded = Math.abs(term) >= OVERFLOW ? Math.sign(term) * Number.POSITIVE_INFINITY : term;
    if (rounded > 0) this.#positive += rounded;
    else this.#negative += rounded;
    this.#terms++;
  }

  /**
   * A term passes its own multiplication and no more additions than there are terms; a product that underflows errs by less
   * than `UNDERFLOW`, a sum that does is exact (Higham 2002, §2.8).
   */
  truth(): Truth {
    const value = this.#positive + this.#negative;
    const relative = gamma(this.#terms + 1);
    const error = relative * (this.#positive - this.#negative) + this.#terms * UNDERFLOW;
    // Partial sums in any order lie between the sum of the negative and that of the positive terms.
    const rises = this.#positive * (1 + relative) >= OVERFLOW;
    const falls = -this.#negative * (1 + relative) >= OVERFLOW;
    if (Number.isNaN(value)) return { value, error: 0 };
    if (!rises && !falls) return { value, error };
    if (rises && !falls && value - error >= OVERFLOW) return { value: Number.POSITIVE_INFINITY, error: 0 };
    if (falls && !rises && value + error <= -OVERFLOW) return { value: Number.NEGATIVE_INFINITY, error: 0 };
    if (rises && !falls && value === Number.POSITIVE_INFINITY) return { value, error: 0 };
    if (falls && !rises && value === Number.NEGATIVE_INFINITY) return { value, error: 0 };
    throw new Undecided(`whether a sum of ${this.#terms} terms overflows depends on their order`);
  }
}

/**
 * A number of a float32 evaluation, known by its truth in float64 and the most it can have erred (running error
 * analysis, Higham 2002, §3.3).
 */
export class Approximate implements Truth {
  readonly value: number;
  readonly error: number;

  constructor(value: number, error = 0) {
    this.value = value;
    this.error = error;
  }

  /** What a number that float32 does not have is taken for. */
  static rounded(value: number): Approximate {
    return round(value, 0, UNDERFLOW);
  }

  /** start + Σ a·b, added up in any order. */
  static inner(
    start: Approximate | undefined,
    pairs: readonly (readonly [Approximate, Approximate])[],
  ): Approximate {
    let value = start?.value ?? 0;
    let error = start?.error ?? 0;
    let magnitude = Math.abs(value) + error;
    for (const [a, b] of pairs) {
      const [most, other] = [Math.abs(a.value) + a.error, Math.abs(b.value) + b.error];
      value += a.value * b.value;
      error += a.error * other + Math.abs(a.value) * b.error;
      magnitude += most * other;
    }
    const operations = pairs.length + (start === undefined ? 0 : 1);
    return new Approximate(value, error + gamma(operations) * magnitude + pairs.length * UNDERFLOW);
  }

  plus(other: Approximate): Approximate {
    return round(this.value + other.value, this.error + other.error, 0);
  }

  minus(other: Approximate): Approximate {
    return round(this.value - other.value, this.error + other.error, 0);
  }

  times(other: Approximate): Approximate {
    this.#checkZero(other);
    other.#checkZero(this);
    const error =
      this.error * Math.abs(other.value) + Math.abs(this.value) * other.error + this.error * other.error;
    return round(this.value * other.value, error, UNDERFLOW);
  }

  over(divisor: Approximate): Approximate {
    divisor.#checkZero(undefined);
    const quotient = this.value / divisor.value;
    const error =
      (this.error + Math.abs(quotient) * divisor.error) / (Math.abs(divisor.value) - divisor.error);
    return round(quotient, error, UNDERFLOW);
  }

  sqrt(): Approximate {
    const root = Math.sqrt(this.value);
    const least = Math.sqrt(Math.max(0, this.value - this.error));
    return round(root, Math.max(root - least, Math.sqrt(this.value + this.error) - root), 0);
  }

  exp(): Approximate {
    if (this.value + this.error < -100) return new Approximate(0, EXP_FLUSH);
    const value = Math.exp(this.value);
    return round(value, value * (Math.expm1(this.error) + EXP_ERROR) + EXP_FLUSH, 0);
  }

  /** In float64: no rounding worth counting beside those before it. */
  log(): Approximate {
    return new Approximate(Math.log(this.value), this.error / (this.value - this.error));
  }

  /** A number that may be 0 or not: its product with infinity, and what is divided by it, can be anything. */
  #checkZero(other: Approximate | undefined): void {
    const mayVanish = this.error > 0 && !(Math.abs(this.value) > this.error);
    if (mayVanish && (other === undefined || Math.abs(other.value) === Number.POSITIVE_INFINITY)) {
      throw new Undecided(`${this.value} ± ${this.error} may be 0 or not`);
    }
  }
}

/** One operation's result, rounded to float32. */
function round(value: number, error: number, underflow: number): Approximate {
  if (!Number.isFinite(value)) return new Approximate(value);
  const bound =
    error + (UNIT + 2 ** -50) * (Math.abs(value) + error) + (error > 0 || value !== 0 ? underflow : 0);
  if (Math.abs(value) + bound < OVERFLOW) return new Approximate(value, bound);
  if (Math.abs(value) - error >= OVERFLOW) {
    return new Approximate(Math.sign(value) * Number.POSITIVE_INFINITY);
  }
  throw new Undecided(`whether ${value} ± ${error} overflows is open`);
}
