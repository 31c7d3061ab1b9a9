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

/**
 * The text of abi.generated.ts for the sources in a folder: index.ts, which lists the kernels, and layout.ts,
 * the sizes.
 */
export async function describeKernels(folder) {
  const [constants, kernels] = [await readConstants(folder), await readKernels(folder)];
  return `// scripts/abi.mjs has read this from assembly/.

/** A byte address in the kernels' memory. */
export type Pointer = number;

${constants.map(({ comment, name, value }) => `${comment}\nexport const ${name} = ${value};\n`).join('\n')}
/**
 * The kernels. They work on the memory that the engine owns, and trust their arguments. Beside the contract
 * of each stands the plain loop that it computes, over arrays instead of pointers: \`x[j][b]\` is lane b of
 * row j of a tile.
 */
export type Kernels = {
${kernels.map(declare).join('\n')}
};

/** How many parameters each kernel has. */
export const KERNEL_PARAMETERS: Readonly<Record<keyof Kernels, number>> = {
${kernels.map(({ name, parameters }) => `  ${name}: ${parameters.length},`).join('\n')}
};
`;
}

/** Throws unless the compiled module exports the kernels that the description names, and nothing else. */
export function checkModule(description, wasm) {
  const [, table] = /KERNEL_PARAMETERS.*= \{\n([^}]*)\}/.exec(description);
  const described = table.match(/\w+: \d+/g).sort();
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory } });
  const compiled = Object.entries(exports)
    .map(([name, kernel]) => `${name}: ${kernel.length}`)
    .sort();
  if (described.join() !== compiled.join()) {
    throw new Error(`the module exports ${compiled}; the sources describe ${described}`);
  }
}

function declare({ comment, name, parameters }) {
  const list = parameters.map(({ name, type }) => `${name}: ${type}`).join(', ');
  return `${comment.replaceAll(/^/gm, '  ')}\n  ${name}(${list}): void;`;
}

/** Every export of index.ts, in its order: { comment, name, parameters: [{ name, type }] }. */
async function readKernels(folder) {
  const index = await parse(folder, 'index.ts');
  const kernels = [];
  for (const { exportClause, moduleSpecifier } of index.statements.filter(ts.isExportDeclaration)) {
    const file = `${moduleSpecifier.text}.ts`;
    const source = await parse(folder, file);
    for (const { name } of exportClause.elements) kernels.push(readKernel(source, file, name.text));
  }
  return kernels;
}

function readKernel(source, file, name) {
  const kernel = source.statements.find((node) => ts.isFunctionDeclaration(node) && node.name.text === name);
  if (kernel === undefined) throw new Error(`${file} has no function ${name}; index.ts exports it`);
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
