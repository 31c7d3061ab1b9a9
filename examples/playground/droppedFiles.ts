// What was dropped on the page, folders among it.

/** The files that were dropped; those of a folder for a folder. */
export async function droppedFiles({ items }: DataTransfer): Promise<File[]> {
  // All items at once: after the first pause there are none.
  const entries = [...items].map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const files = entries.map(({ entry, file }) => (entry?.isDirectory ? filesIn(entry) : file ? [file] : []));
  return (await Promise.all(files)).flat();
}

/** The files of a folder, without those of folders in it. */
async function filesIn(folder: FileSystemEntry): Promise<File[]> {
  const reader = (folder as FileSystemDirectoryEntry).createReader();
  const entries: FileSystemEntry[] = [];
  while (true) {
    // A part at a time, until there is none.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (part.length === 0) break;
    entries.push(...part);
  }
  const files = entries.filter(({ isFile }) => isFile) as FileSystemFileEntry[];
  return Promise.all(files.map((file) => new Promise<File>((resolve, reject) => file.file(resolve, reject))));
}
