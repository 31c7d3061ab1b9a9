/** Rewrites `import("./file.ts")` in every declaration file of the folder. */
export function rewriteDeclarations(folder: string): Promise<void>;
