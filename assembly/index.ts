// The ABI. Every export is a kernel over pointers and shapes. A kernel never allocates, draws random numbers
// or decides. Each table is a module of its own, and this is the complete one. scripts/abi.mjs reads the
// tables. It writes the kernels' types, with their contracts, for TypeScript.
export * from './matrixKernels';
export * from './trainingKernels';
