// Generated parts of pages: what stands between <!-- name:begin --> and <!-- name:end -->.

/** The page with the part between the two marks replaced; undefined for one that has no such marks. */
export function replaceMarked(page, name, part) {
  const [opening, closing] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [begin, end] = [page.indexOf(opening), page.indexOf(closing)];
  return begin < 0 || end < begin
    ? undefined
    : `${page.slice(0, begin + opening.length)}\n${part}\n${page.slice(end)}`;
}
