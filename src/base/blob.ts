import { bytesIn } from './arrays.ts';
import { CtreError, reasonOf, tagOf } from './errors.ts';
import type { BlobObject } from './hostTypes.ts';

/** Whether a value is a Blob, such as a File, of any realm. */
export function isBlob(value: unknown): value is BlobObject {
  try {
    return /^(Blob|File)$/.test(tagOf(value)) && typeof Object(value).arrayBuffer === 'function';
  } catch {
    // Something made to look like one.
    return false;
  }
}

/** The name of a File; undefined of any other Blob. */
export function fileNameOf(blob: BlobObject): string | undefined {
  try {
    const name: unknown = Reflect.get(blob, 'name');
    return typeof name === 'string' ? name : undefined;
  } catch {
    // A proxy of a File has no name.
    return undefined;
  }
}

/**
 * The bytes of a Blob.
 * @throws CtreError `E_FORMAT` where it cannot be read: the file was changed or deleted since it was chosen.
 */
export async function blobBytes(name: string, blob: BlobObject): Promise<Uint8Array> {
  let reason = 'it gave no bytes';
  try {
    const bytes = bytesIn(await blob.arrayBuffer());
    if (bytes !== undefined) return bytes;
  } catch (error) {
    reason = reasonOf(error);
  }
  throw new CtreError('E_FORMAT', `${name} cannot be read: ${reason}`);
}
