/** What a suite saves. */
export interface SavedResult {
  readonly suite: string;
  readonly quick: boolean;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly commit: string;
    readonly changed: boolean;
    readonly date: string;
  };
  readonly nodes: readonly { readonly name: string; readonly node: string; readonly v8: string }[];
  readonly figures: object;
}

export function targetTables(saved: readonly SavedResult[]): string;
export function publicTables(saved: readonly SavedResult[]): string;
export function readmeTable(saved: readonly SavedResult[]): string;
