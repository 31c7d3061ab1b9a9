export function findChromium(): string | undefined;
export const NO_CHROMIUM: string;
export const ISOLATION: Readonly<Record<string, string>>;
export interface PageServer {
  readonly origin: string;
  close(): void;
}
export function serve(
  headers: Readonly<Record<string, string>>,
  respond: (url: URL) => Promise<string | Uint8Array>,
  hear?: (posted: string) => void,
): Promise<PageServer>;
