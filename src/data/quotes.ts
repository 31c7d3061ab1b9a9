/**
 * The text with blanks between a delimiter and an opening quote moved behind the quote, where they are
 * trimmed off: `1, "a, b"` is two fields. It stays as long as it is.
 */
export function quotesAtFieldStarts(text: string, delimiter: string): string {
  if (!/[ \t]"/.test(text)) return text;
  const pieces: string[] = [];
  let done = 0;
  let isInside = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    if (isInside) {
      if (text[at + 1] === '"') at++;
      else isInside = false;
      continue;
    }
    let start = at;
    while (start > done && text[start - 1] !== delimiter && /[ \t]/.test(text[start - 1])) start--;
    const before = start === 0 ? '\n' : text[start - 1];
    if (before !== '\n' && before !== delimiter) continue;
    isInside = true;
    if (start === at) continue;
    pieces.push(text.slice(done, start), '"', text.slice(start, at));
    done = at + 1;
  }
  return pieces.length === 0 ? text : pieces.join('') + text.slice(done);
}
