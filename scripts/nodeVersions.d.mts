export const LTS_LINES: readonly number[];
export function installedNode(
  line: number,
  options?: { readonly seconds?: number },
): Promise<string | undefined>;
