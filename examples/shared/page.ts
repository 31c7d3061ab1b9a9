// Small things that everything on the page needs.

/** The element of an id. */
export function find<E extends Element>(id: string, kind: new () => E): E {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`index.html has no ${kind.name} with the id ${id}`);
}

/** A new element with a class and content. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...content);
  return element;
}

/** Shows a text. If it is shown already, the page is left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

let values = new Map<string, string>();

/**
 * The style sheet's value of a property of the page. Canvases need it: no style sheet reaches what they draw.
 */
export function styleValue(name: string): string {
  const known = values.get(name);
  if (known !== undefined) return known;
  const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  values.set(name, value);
  return value;
}

/** Calls back when the page gets other colours. */
export function onNewColours(redraw: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    values = new Map();
    redraw();
  });
}

/** A colour of the style sheet as red, green and blue, 0 to 255; it is written as #rgb or #rrggbb. */
export function styleColour(name: string): readonly number[] {
  const digits = styleValue(name).slice(1);
  const each = digits.length / 3;
  return [0, 1, 2].map((channel) => {
    const own = digits.slice(each * channel, each * (channel + 1));
    return Number.parseInt(each === 1 ? own + own : own, 16);
  });
}

/** A size in CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const sizes = new Map<Element, Size>();

/**
 * Keeps the sizes of some elements, and calls back when they change. To ask an element would lay out the page
 * at once.
 */
export function watchSizes(elements: readonly Element[], onChange: () => void): void {
  const observer = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) sizes.set(target, contentRect);
    onChange();
  });
  for (const element of elements) observer.observe(element);
}

/** The size of an element that is watched. */
export function sizeOf(element: Element): Size {
  return sizes.get(element) ?? { width: element.clientWidth, height: element.clientHeight };
}

/** Fills a table whose first row and column are headers. Cells that show the text already are left alone. */
export function fillTable(
  table: HTMLTableElement,
  texts: readonly (readonly string[])[],
  headClasses: readonly string[],
): void {
  const isSame = table.rows.length === texts.length && table.rows[0]?.cells.length === texts[0].length;
  if (isSame) {
    texts.forEach((row, r) => {
      row.forEach((text, c) => {
        setText(table.rows[r].cells[c], text);
      });
    });
    return;
  }
  const rows = texts.map((row, r) => {
    const cells = row.map((text, c) => {
      const cell = make(r === 0 || c === 0 ? 'th' : 'td', r === 0 ? (headClasses[c] ?? '') : '', text);
      if (cell.tagName === 'TH') cell.scope = r === 0 ? 'col' : 'row';
      return cell;
    });
    return make('tr', '', ...cells);
  });
  table.tHead?.replaceChildren(rows[0]);
  table.tBodies[0].replaceChildren(...rows.slice(1));
}

export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser draws no canvas');
  return context;
}

/**
 * Does the parts one after another, each in its own turn of the event loop, so that the page stays
 * responsive. However often it is called, all parts are done at most once every so many ms.
 */
export function inTurns(parts: readonly (() => void)[], every: number): () => void {
  let [isBusy, isWanted] = [false, false];
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const work = async (): Promise<void> => {
    isBusy = true;
    while (isWanted) {
      isWanted = false;
      for (const part of parts) {
        part();
        await pause(0);
      }
      await pause(every);
    }
    isBusy = false;
  };
  return () => {
    isWanted = true;
    if (!isBusy) void work();
  };
}
