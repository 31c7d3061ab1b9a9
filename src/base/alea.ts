// The generator Alea by Johannes Baagøe <baagoe@baagoe.org>, as the package seedrandom has it, as a module.
// LICENCE: MIT. Copyright (C) 2010 by Johannes Baagøe <baagoe@baagoe.org>
//
// Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
// documentation files (the "Software"), to deal in the Software without restriction, including without
// limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of
// the Software, and to permit persons to whom the Software is furnished to do so, subject to the following
// conditions:
//
// The above copyright notice and this permission notice shall be included in all copies or substantial
// portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
// LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO
// EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN
// AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE
// OR OTHER DEALINGS IN THE SOFTWARE.

const TWO_TO_32 = 2 ** 32;
const TWO_TO_MINUS_32 = 2 ** -32;

/** Numbers from 0 to below 1, of 32 bits each: the same for the same seed, in every engine. */
export function alea(seed: string): () => number {
  const mash = masher();
  const seeds = [mash(' '), mash(' '), mash(' ')];
  let [s0, s1, s2] = seeds.map((start) => {
    const s = start - mash(seed);
    return s < 0 ? s + 1 : s;
  });
  let carry = 1;
  return () => {
    const t = 2091639 * s0 + carry * TWO_TO_MINUS_32;
    s0 = s1;
    s1 = s2;
    carry = t | 0;
    s2 = t - carry;
    return s2;
  };
}

/** Hashes texts, each after those before it, to numbers from 0 to below 1. */
function masher(): (text: string) => number {
  let n = 0xefc8249d;
  return (text) => {
    for (let at = 0; at < text.length; at++) {
      n += text.charCodeAt(at);
      let h = 0.02519603282416938 * n;
      n = h >>> 0;
      h -= n;
      h *= n;
      n = h >>> 0;
      h -= n;
      n += h * TWO_TO_32;
    }
    return (n >>> 0) * TWO_TO_MINUS_32;
  };
}
