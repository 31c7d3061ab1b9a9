// Files of the visitor's: reading them, and deciding what each column is.
import { grouped } from '../shared/numbers.ts';
import { find, make, setText } from '../shared/page.ts';
import { complain, settle } from './problems.ts';
import type { DataFacts, PreparedData } from './protocol.ts';
import {
  type ColumnFacts,
  type ColumnRole,
  type ReadAnswer,
  readFiles,
  stopReading,
  type TableChoice,
} from './readFiles.ts';

const ROLES: Readonly<Record<ColumnRole, string>> = {
  label: 'the answer',
  input: 'an input',
  words: 'an input: words',
  out: 'left out',
};
/** Columns that are listed; of more, the first ones and the answer. */
const MOST_COLUMNS = 60;

export interface OwnDataUse {
  most(): number;
  onRead(data: PreparedData): void;
  train(): void;
}

export function prepareOwnData(use: OwnDataUse) {
  let files: readonly File[] = [];
  let choice: TableChoice = {};
  let columns: readonly ColumnFacts[] = [];
  /** What the visitor has said of columns, by their number. */
  let roles = new Map<number, ColumnRole>();
  /** Those of them that the reader had left out. */
  const takenAgain = new Set<number>();
  let round = 0;
  let shown: ReadAnswer | undefined;

  async function read(): Promise<PreparedData> {
    const present = ++round;
    settle('read');
    find('stop-reading', HTMLButtonElement).hidden = false;
    setText(
      find('reading', HTMLElement),
      `Reading ${files
        .map(({ name }) => name)
        .slice(0, 4)
        .join(', ')} …`,
    );
    try {
      const answer = await readFiles({ files, most: use.most(), choice }, () => undefined);
      if (present === round) show(answer);
      return answer.prepared;
    } finally {
      if (present === round) {
        find('stop-reading', HTMLButtonElement).hidden = true;
        setText(find('reading', HTMLElement), '');
      }
    }
  }

  /** Reads, and says what went wrong. What was open before stays. */
  async function tryRead(before: () => void): Promise<void> {
    const present = round + 1;
    try {
      const data = await read();
      if (present === round) use.onRead(data);
    } catch (error) {
      if (present !== round) return;
      before();
      const { message } = error as Error;
      complain('read', message, { text: 'Read it again', act: () => void tryRead(before) });
    }
  }

  async function open(next: readonly File[]): Promise<void> {
    const kept = { files, choice, roles };
    [files, choice, roles] = [next, {}, new Map()];
    takenAgain.clear();
    setInput('missing', '');
    find('header', HTMLSelectElement).value = '';
    await tryRead(() => {
      if (kept.files.length > 0) ({ files, choice, roles } = kept);
    });
  }

  function show(answer: ReadAnswer): void {
    shown = answer;
    const { prepared, warnings, table } = answer;
    find('own-data', HTMLElement).hidden = false;
    setText(find('facts', HTMLElement), `${prepared.facts.name}: ${describeData(prepared.facts)}`);
    find('warnings', HTMLElement).replaceChildren(...warnings.map((text) => make('li', '', text)));
    find('table-choice', HTMLElement).hidden = table === undefined;
    columns = table?.columns ?? [];
    const rows = columns
      .filter(({ role }, at) => at < MOST_COLUMNS || role === 'label')
      .map((column) => columnRow(column));
    if (columns.length > MOST_COLUMNS) {
      const cell = make('td', '', `… and ${grouped(columns.length - MOST_COLUMNS)} more`);
      cell.colSpan = 3;
      rows.push(make('tr', '', cell));
    }
    find('columns', HTMLTableElement).tBodies[0].replaceChildren(...rows);
  }

  function columnRow({ number, title, samples, role, about }: ColumnFacts): HTMLTableRowElement {
    const head = make('th', '', title);
    head.scope = 'row';
    const select = make('select');
    select.setAttribute('aria-label', `Column ${title} is`);
    for (const [key, text] of Object.entries(ROLES)) select.append(new Option(text, key));
    select.value = roles.get(number) ?? role;
    select.addEventListener('change', () => {
      const before = new Map(roles);
      const wanted = (Object.keys(ROLES) as ColumnRole[]).find((one) => one === select.value) ?? role;
      if (wanted === 'label') {
        for (const [other, own] of roles) if (own === 'label') roles.delete(other);
      }
      // A column that the reader leaves out is taken again where all that are taken are named.
      if (wanted === 'out') takenAgain.delete(number);
      else if (role === 'out' && wanted !== 'label') takenAgain.add(number);
      roles.set(number, wanted);
      rule(number, before);
    });
    const cell = make('td', '', select);
    if (about !== '') cell.append(make('small', 'hint', about));
    return make('tr', '', head, make('td', 'samples', samples.join(', ')), cell);
  }

  /** Reads anew by what the visitor has decided. The control that decided it keeps the focus. */
  function rule(number?: number, rolesBefore = roles): void {
    const numbers = (role: ColumnRole): number[] =>
      [...roles].filter(([, own]) => own === role).map(([column]) => column - 1);
    const missing = find('missing', HTMLInputElement)
      .value.split(',')
      .map((text) => text.trim())
      .filter((text) => text !== '');
    const header = find('header', HTMLSelectElement).value;
    const [label] = numbers('label');
    const [drop, categorical] = [numbers('out'), numbers('words')];
    const isTakenAgain = takenAgain.size > 0;
    const fileLabel = columns.find(({ role }) => role === 'label')?.number ?? 0;
    if (label === undefined && (roles.get(fileLabel) ?? 'label') !== 'label') {
      setText(find('reading', HTMLElement), 'Say which column is the answer: choose “the answer” there.');
      return;
    }
    const before = choice;
    choice = {
      ...(label !== undefined && { label }),
      ...(drop.length > 0 && !isTakenAgain && { drop }),
      ...(isTakenAgain && {
        features: columns
          .filter(({ number: own, role }) => {
            const wanted = roles.get(own) ?? role;
            return wanted === 'input' || wanted === 'words';
          })
          .map(({ number: own }) => own - 1),
      }),
      ...(categorical.length > 0 && { categorical }),
      ...(missing.length > 0 && { missing }),
      ...(header !== '' && { header: header === 'names' }),
    };
    void tryRead(() => {
      [choice, roles] = [before, rolesBefore];
      // The controls say again what holds.
      if (shown !== undefined) show(shown);
    }).then(() => {
      if (number === undefined) return;
      const at = columns.findIndex((column) => column.number === number);
      find('columns', HTMLTableElement).tBodies[0].rows[at]?.querySelector('select')?.focus();
    });
  }

  for (const id of ['missing', 'header']) {
    document.getElementById(id)?.addEventListener('change', () => rule());
  }
  find('most', HTMLInputElement).addEventListener('change', () => {
    if (files.length > 0 && find('most', HTMLInputElement).validity.valid) rule();
  });
  find('stop-reading', HTMLButtonElement).addEventListener('click', stopReading);
  find('train-own', HTMLButtonElement).addEventListener('click', use.train);

  return {
    open,
    /** Reads the open files again. @throws WorkerProblem where there are none, or they cannot be read. */
    read,
  };
}

function setInput(id: string, value: string): void {
  find(id, HTMLInputElement).value = value;
}

/** A dataset in a sentence. */
export function describeData({ rows, validationRows, cols, labelNames, sparse, scaling }: DataFacts): string {
  const kind = sparse ? 'sparse rows' : 'rows';
  const counts = `${grouped(rows)} ${kind} to train on, ${grouped(validationRows)} held out`;
  return `${counts}; ${grouped(cols)} columns, ${labelNames.length} classes; ${scaling}.`;
}
