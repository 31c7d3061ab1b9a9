export const LTS_LINES: readonly number[];
export function installedNode(line: number): string | undefined;
