import type { BlobObject } from '../base/hostTypes.ts';

/** What a file holds: its bytes; or its text, where its format is one of text. */
export type FileContent = Uint8Array | ArrayBuffer | string;

/** One file, or several that belong together (an IDX set, an `.npy` pair), by name. */
export type DataFiles<Content = FileContent> =
  | Readonly<Record<string, Content>>
  | { readonly name: string; readonly bytes: Content };

/** Files as `DataFiles`, each also as a Blob or a File, which is read then; or a File alone. */
export type AwaitedFiles = DataFiles<FileContent | BlobObject> | (BlobObject & { readonly name: string });
