// What TypeScript has to know of the kernels, read from assembly/: their names, parameters and contracts, and
// the sizes that they share. scripts/build-wasm.mjs writes it to src/engine/abi.generated.ts, so that none of
// it is copied by hand.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { evaluateConstants } from './compile.mjs';

/** AssemblyScript's types in a kernel's parameters, and TypeScript's. */
const TYPES = {
  usize: 'Pointer',
  bool: 'boolean',
  i32: 'number',
  u32: 'number',
  f32: 'number',
  f64: 'number',
};

/** The tables of kernels: the file in assembly/, its type and constant in TypeScript, and what it holds. */
export const TABLES = [
  {
    table: 'matrixKernels',
    type: 'MatrixKernels',
    constant: 'MATRIX_KERNELS',
    comment: 'The kernels on matrices: those that `ctre/kernels` calls. Training calls most of them, too.',
  },
  {
    table: 'trainingKernels',
    type: 'TrainingKernels',
    constant: 'TRAINING_KERNELS',
    comment: 'The kernels that only training calls.',
  },
];

/** The text of abi.generated.ts for a folder's sources: the tables of kernels, and layout.ts, the sizes. */
export async function describeKernels(folder) {
  const constants = await readConstants(folder);
  const tables = [];
  for (const entry of TABLES) tables.push({ ...entry, kernels: await readKernels(folder, entry.table) });
  return `// scripts/abi.mjs has read this from assembly/.

/** A byte address in the kernels' memory. */
export type Pointer = number;

${constants.map(({ comment, name, value }) => `${comment}\nexport const ${name} = ${value};\n`).join('\n')}
${tables.map(declareTable).join('\n')}
/**
 * All kernels. They work on the memory that the engine owns, and trust their arguments. Beside the contract
 * of each stands the plain loop that it computes, over arrays instead of pointers: \`x[j][b]\` is lane b of
 * row j of a tile.
 */
export type Kernels = ${TABLES.map(({ type }) => type).join(' & ')};
`;
}

function declareTable({ type, constant, comment, kernels }) {
  return `/** ${comment} */
export type ${type} = {
${kernels.map(declareKernel).join('\n')}
};

/** How many parameters each of them has. */
export const ${constant}: Readonly<Record<keyof ${type}, number>> = {
${kernels.map(({ name, parameters }) => `  ${name}: ${parameters.length},`).join('\n')}
};
`;
}

/**
 * Throws unless the compiled module exports the kernels that the description names in these tables, and
 * nothing else, and holds no data: modules over one memory would overwrite each other's.
 */
export function checkModule(description, wasm, tables = TABLES) {
  const described = tables
    .flatMap(({ constant }) => {
      const [, table] = new RegExp(`${constant}.*= \\{\\n([^}]*)\\}`).exec(description);
      return table.match(/\w+: \d+/g);
    })
    .sort();
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory } });
  const compiled = Object.entries(exports)
    .map(([name, kernel]) => `${name}: ${kernel.length}`)
    .sort();
  if (described.join() !== compiled.join()) {
    throw new Error(`the module exports ${compiled}; the sources describe ${described}`);
  }
  if (new Uint8Array(memory.buffer).some((byte) => byte !== 0)) {
    throw new Error('the module holds data; another one over the same memory would overwrite it');
  }
}

function declareKernel({ comment, name, parameters }) {
  const list = parameters.map(({ name, type }) => `${name}: ${type}`).join(', ');
  return `${comment.replaceAll(/^/gm, '  ')}\n  ${name}(${list}): void;`;
}

/** Every export of a table, in its order: { comment, name, parameters: [{ name, type }] }. */
async function readKernels(folder, table) {
  const { statements } = await parse(folder, `${table}.ts`);
  const kernels = [];
  for (const { exportClause, moduleSpecifier } of statements.filter(ts.isExportDeclaration)) {
    const file = `${moduleSpecifier.text}.ts`;
    const source = await parse(folder, file);
    for (const { name } of exportClause.elements) kernels.push(readKernel(source, file, name.text, table));
  }
  return kernels;
}

function readKernel(source, file, name, table) {
  const kernel = source.statements.find((node) => ts.isFunctionDeclaration(node) && node.name.text === name);
  if (kernel === undefined) throw new Error(`${file} has no function ${name}; ${table}.ts exports it`);
  const parameters = kernel.parameters.map((parameter) => {
    const type = parameter.type.getText(source);
    if (!Object.hasOwn(TYPES, type)) {
      throw new Error(
        `${file}: ${parameter.name.text} of ${name} is ${type}; expected one of ${Object.keys(TYPES)}`,
      );
    }
    return { name: parameter.name.text, type: TYPES[type] };
  });
  return { comment: commentOf(kernel, source, file, name), name, parameters };
}

/** Every exported constant of layout.ts: { comment, name, value }. */
async function readConstants(folder) {
  const file = 'layout.ts';
  const source = await parse(folder, file);
  const values = await evaluateConstants(file, source.text);
  return source.statements.filter(ts.isVariableStatement).map((statement) => {
    const name = statement.declarationList.declarations[0].name.text;
    return { comment: commentOf(statement, source, file, name), name, value: values[name] };
  });
}

/** The comment that stands before a declaration: a kernel's contract. */
function commentOf(node, source, file, name) {
  const ranges = ts.getLeadingCommentRanges(source.text, node.pos) ?? [];
  const comment = ranges.length > 0 ? source.text.slice(ranges.at(-1).pos, ranges.at(-1).end) : '';
  if (!comment.startsWith('/**')) throw new Error(`${file}: ${name} has no comment; write its contract`);
  return comment;
}

async function parse(folder, file) {
  const text = await readFile(join(folder, file), 'utf8');
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}
