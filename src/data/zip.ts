import type { Budget } from '../base/budget.ts';
import { crc32 } from '../base/crc32.ts';
import { CtreError, show } from '../base/errors.ts';
import { ByteReader } from './bytes.ts';
import { inflate, inflatePrefix } from './inflate.ts';
import { checkVariableCount } from './variables.ts';

/** A file in a ZIP archive. */
export interface ZipMember {
  readonly name: string;
  /** Where it lies in the archive, as the directory says; in bytes. */
  readonly begin: number;
  readonly end: number;
  /**
   * The content, with its size and check sum compared.
   * @throws CtreError `E_FORMAT`, `E_MEMORY`, `E_UNSUPPORTED`.
   */
  read(budget: Budget): Uint8Array;
  /** The first bytes of the content, or all when there are fewer. */
  prefix(length: number): Uint8Array;
}

// Source: PKWARE APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 4.3.16.
const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
/** The bytes of a local header without its name and extra field. */
const LOCAL_BYTES = 30;
const END64_LOCATOR_SIGNATURE = 0x07064b50;
const END64_SIGNATURE = 0x06064b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const IN_ZIP64 = 0xffffffff;

/**
 * The members of a ZIP archive, stored or deflated, with the ZIP64 fields NumPy writes.
 * @throws CtreError `E_FORMAT` when the archive is foreign, cut short or damaged.
 */
export function readZip(bytes: Uint8Array): ZipMember[] {
  const { count, offset } = findDirectory(bytes);
  checkVariableCount(count);
  const reader = readerAt(bytes, offset);
  const members: ZipMember[] = [];
  for (let entry = 0; entry < count; entry++) members.push(readEntry(bytes, reader));
  checkMembers(members);
  return members;
}

/** No writer makes members that share bytes or a name; attackers do, to inflate a small archive to much. */
function checkMembers(members: readonly ZipMember[]): void {
  const names = new Set<string>();
  let end = 0;
  for (const member of [...members].sort((a, b) => a.begin - b.begin)) {
    if (member.begin < end) {
      throw new CtreError(
        'E_FORMAT',
        `the archive member ${show(member.name)} lies within another one; get the file again`,
      );
    }
    if (names.has(member.name)) {
      throw new CtreError('E_FORMAT', `two archive members are named ${show(member.name)}; keep one of them`);
    }
    names.add(member.name);
    end = member.end;
  }
}

function findDirectory(bytes: Uint8Array): { count: number; offset: number } {
  // After the end record comes nothing but a comment of at most 65535 bytes.
  const first = Math.max(0, bytes.length - END_BYTES - 0xffff);
  for (let at = bytes.length - END_BYTES; at >= first; at--) {
    const reader = readerAt(bytes, at);
    if (reader.u32('the end record') !== END_SIGNATURE) continue;
    reader.take(6, 'the end record');
    const count = reader.u16('the end record');
    reader.u32('the end record');
    const offset = reader.u32('the end record');
    if (count !== 0xffff && offset !== IN_ZIP64) return { count, offset };
    const locator = readerAt(bytes, at - 20);
    expectSignature(locator, END64_LOCATOR_SIGNATURE, 'the ZIP64 locator');
    locator.u32('the ZIP64 locator');
    const end = readerAt(bytes, locator.u64('the ZIP64 locator'));
    expectSignature(end, END64_SIGNATURE, 'the ZIP64 end record');
    end.take(28, 'the ZIP64 end record');
    const count64 = end.u64('the ZIP64 end record');
    end.u64('the ZIP64 end record');
    return { count: count64, offset: end.u64('the ZIP64 end record') };
  }
  throw new CtreError(
    'E_FORMAT',
    'the ZIP archive has no directory at its end; it is cut short or no archive',
  );
}

function readEntry(bytes: Uint8Array, reader: ByteReader): ZipMember {
  const what = 'the ZIP directory';
  expectSignature(reader, ENTRY_SIGNATURE, what);
  reader.take(4, what);
  const encrypted = (reader.u16(what) & 1) !== 0;
  const method = reader.u16(what);
  reader.take(4, what);
  const crc = reader.u32(what);
  let packedSize = reader.u32(what);
  let size = reader.u32(what);
  const nameLength = reader.u16(what);
  const extraLength = reader.u16(what);
  const commentLength = reader.u16(what);
  reader.take(8, what);
  let offset = reader.u32(what);
  const name = new TextDecoder().decode(reader.take(nameLength, what));
  const extra = new ByteReader(reader.take(extraLength, what), true);
  reader.take(commentLength, what);
  while (extra.left >= 4) {
    const id = extra.u16(what);
    const block = new ByteReader(extra.take(extra.u16(what), what), true);
    if (id !== 1) continue;
    if (size === IN_ZIP64) size = block.u64(what);
    if (packedSize === IN_ZIP64) packedSize = block.u64(what);
    if (offset === IN_ZIP64) offset = block.u64(what);
  }
  const title = `the archive member ${show(name)}`;
  const packed = (): Uint8Array => {
    if (encrypted)
      throw new CtreError('E_UNSUPPORTED', `${title} is encrypted; unpack and pack it without a password`);
    if (method !== 0 && method !== 8) {
      throw new CtreError(
        'E_UNSUPPORTED',
        `${title} is compressed with method ${method}; expected deflate (8)`,
      );
    }
    const local = readerAt(bytes, offset);
    expectSignature(local, LOCAL_SIGNATURE, title);
    local.take(22, title);
    const skip = local.u16(title) + local.u16(title);
    local.take(skip, title);
    return local.take(packedSize, title);
  };
  return {
    name,
    begin: offset,
    end: offset + LOCAL_BYTES + packedSize,
    read(budget) {
      const content = method === 0 ? packed() : inflate(packed(), size, budget, title);
      if (content.length !== size || crc32(content) !== crc) {
        throw new CtreError('E_FORMAT', `${title} fails its check sum; get the file again`);
      }
      budget.countContent(size, packedSize);
      return content;
    },
    prefix: (length) =>
      method === 0 ? packed().subarray(0, length) : inflatePrefix('deflate', packed(), length, title),
  };
}

function readerAt(bytes: Uint8Array, offset: number): ByteReader {
  const reader = new ByteReader(bytes, true);
  if (!(offset >= 0 && offset <= bytes.length)) {
    throw new CtreError(
      'E_FORMAT',
      `the ZIP archive points at byte ${offset} of ${bytes.length}; it is cut short or damaged`,
    );
  }
  reader.position = offset;
  return reader;
}

function expectSignature(reader: ByteReader, signature: number, what: string): void {
  const at = reader.position;
  if (reader.u32(what) !== signature) {
    throw new CtreError(
      'E_FORMAT',
      `${what} is not where it should be, at byte ${at}; the archive is damaged`,
    );
  }
}
