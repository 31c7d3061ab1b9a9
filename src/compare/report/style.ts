import { type Colour, colourAt } from './colours.ts';

/** The properties of the methods' colours, by their place. */
function methodColours(methods: number, page: keyof Colour): string {
  return Array.from({ length: methods }, (_, place) => `--method-${place}:${colourAt(place)[page]}`).join(
    ';',
  );
}

/** The style sheet of a report about so many methods. */
export const styleFor = (methods: number): string => `
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2126;--soft:#59636e;--line:#d8dde3;--panel:#f6f8fa;
${methodColours(methods, 'light')}}
@media (prefers-color-scheme:dark){:root{
--paper:#14171b;--ink:#e6e9ed;--soft:#a2abb5;--line:#343b44;--panel:#1b2026;
${methodColours(methods, 'dark')}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem clamp(1rem,4vw,2.5rem) 4rem;max-width:76rem;
  background:var(--paper);color:var(--ink);
  font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0;overflow-wrap:anywhere}
h2{font-size:1.35rem;margin:2.2rem 0 .6rem}
h3{font-size:1.1rem;margin:2rem 0 .6rem}
h4{font-size:1rem;margin:0 0 .3rem;overflow-wrap:anywhere}
header p{color:var(--soft);max-width:60rem;overflow-wrap:anywhere}
.note{color:var(--soft);font-size:.9rem;max-width:60rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;white-space:nowrap}
th,td{padding:.35rem .9rem .35rem 0;text-align:right;border-bottom:1px solid var(--line)}
th:first-child{text-align:left}
thead th{color:var(--soft);font-weight:500;font-size:.9rem}
tbody th{font-weight:600}
tbody th[colspan]{font-weight:500;color:var(--soft);padding-top:.9rem;
  white-space:normal;overflow-wrap:anywhere}
td.yes{font-weight:600}
.chip{display:inline-block;width:.8em;height:.8em;border-radius:.2em;margin-right:.45em;vertical-align:-.05em}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:1.5rem 0 0;
  padding:.5rem 0;position:sticky;top:0;background:var(--paper);z-index:1}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:1.2rem}
figure{margin:0;padding:.9rem 1rem;background:var(--panel);border:1px solid var(--line);border-radius:.6rem;
  min-width:0}
figure svg{width:100%;height:auto}
figcaption{color:var(--soft);font-size:.88rem;line-height:1.45;margin-top:.3rem}
body>details{border-top:1px solid var(--line);margin-top:2rem}
summary{cursor:pointer;overflow-wrap:anywhere}
summary h2{display:inline-block;margin:1rem 0}
.strip{margin:1rem 0}
.frames{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.2rem,1fr));gap:.6rem}
.frame{padding:.3rem;text-align:center}
.frame img{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:.3rem}
.scale{display:inline-flex;align-items:center;gap:.4rem}
.scale i{width:7rem;height:.8em;border-radius:.2em}
footer{border-top:1px solid var(--line);margin-top:3rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
@media (max-width:34rem){dl{display:block}dd{margin-bottom:.6rem}h1{font-size:1.5rem}}
`;
