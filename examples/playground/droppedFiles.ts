// The files and folders that were dropped on the page.

/** A thing that was dropped. It has to be taken at once: after a pause the list of a drop is empty. */
export interface DroppedItem {
  readonly entry: FileSystemEntry | null;
  readonly file: File | null;
}

/** The files that were dropped, and for a folder the files in it. */
export async function droppedFiles(items: readonly DroppedItem[]): Promise<File[]> {
  const files = items.map(({ entry, file }) => (entry?.isDirectory ? filesIn(entry) : file ? [file] : []));
  return (await Promise.all(files)).flat();
}

/** The files of a folder, without those of folders in it. */
async function filesIn(folder: FileSystemEntry): Promise<File[]> {
  const reader = (folder as FileSystemDirectoryEntry).createReader();
  const entries: FileSystemEntry[] = [];
  while (true) {
    // Each call gives a part of the entries; an empty part is the end.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (part.length === 0) break;
    entries.push(...part);
  }
  const files = entries.filter(({ isFile }) => isFile) as FileSystemFileEntry[];
  return Promise.all(files.map((file) => new Promise<File>((resolve, reject) => file.file(resolve, reject))));
}
