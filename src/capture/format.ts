/**
 * What kind of file this is, by its first bytes, and the parser for it. A file that is no capture at all is the
 * user's mistake (UserError); one that starts like a capture and ends too early is only cut.
 * Source: draft-ietf-opsawg-pcap §4, draft-ietf-opsawg-pcapng §4.1, RFC 1761 (snoop).
 */
import { u32, u32le } from '../bytes.ts';
import { UserError } from '../error.ts';
import { type Delivery, nameOf } from './delivery.ts';
import type { FileFacts } from './packet.ts';
import type { CaptureParser } from './parser.ts';
import { fitsRecord, openPcap, PCAP_HEADER, PCAP_MAGICS, PCAP_RECORD, pcapVersion } from './pcap.ts';
import { PcapngParser, SECTION_HEADER, SECTION_START, sectionMajor, sectionOrder } from './pcapng.ts';
import {
  openSnoop,
  SNOOP_HEADER,
  SNOOP_MAGIC,
  SNOOP_MAGIC_REST,
  SNOOP_VERSION,
  snoopVersion,
} from './snoop.ts';

const MAGIC_LENGTH = 4;
const PCAP_MAJOR = 2;
const PCAP_MINOR = 4;
const PCAPNG_MAJOR = 1;

/** The format as far as the magic number tells, null while there are fewer bytes than it takes. */
export function formatOf(bytes: Buffer, start: number, end: number): FileFacts['format'] {
  if (end - start < MAGIC_LENGTH) return null;
  const magic = u32(bytes, start);
  if (magic === SECTION_HEADER) return 'pcapng';
  if (magic === SNOOP_MAGIC) return 'snoop';
  return PCAP_MAGICS.includes(magic) || PCAP_MAGICS.includes(u32le(bytes, start)) ? 'pcap' : null;
}

/**
 * @returns null while the bytes are too few to tell.
 * @throws UserError('file') for anything that is no capture of a supported format and version.
 */
export function openParser(
  path: string,
  bytes: Buffer,
  start: number,
  end: number,
  delivery: Delivery,
): CaptureParser | null {
  const length = end - start;
  switch (formatOf(bytes, start, end)) {
    case 'pcap': {
      if (length < PCAP_HEADER) return null;
      const { major, minor } = pcapVersion(bytes, start);
      if (major === PCAP_MAJOR) return openPcap(bytes, start, minor, delivery);
      // No version before 2 was ever published: a file that says so is one of a careless writer, if its records fit.
      if (major < PCAP_MAJOR && length < PCAP_HEADER + PCAP_RECORD) return null;
      if (major > PCAP_MAJOR || !fitsRecord(bytes, start)) {
        throw unsupported(path, `pcap version ${major}.${minor}`, '2.x');
      }
      delivery.warn(
        'version_unknown',
        `says that it is of pcap version ${major}.${minor}, which does not exist; it is read as 2.4, as its first record fits that`,
      );
      return openPcap(bytes, start, PCAP_MINOR, delivery);
    }
    case 'pcapng': {
      if (length < SECTION_START) return null;
      if (sectionOrder(bytes, start) === null) throw noCapture(path, bytes, start, end);
      const major = sectionMajor(bytes, start);
      if (major !== PCAPNG_MAJOR) throw unsupported(path, `pcapng version ${major}`, '1.x');
      return new PcapngParser(delivery);
    }
    case 'snoop': {
      if (length < SNOOP_HEADER) return null;
      if (u32(bytes, start + MAGIC_LENGTH) !== SNOOP_MAGIC_REST) throw noCapture(path, bytes, start, end);
      const version = snoopVersion(bytes, start);
      if (version !== SNOOP_VERSION)
        throw unsupported(path, `snoop version ${version}`, String(SNOOP_VERSION));
      return openSnoop(bytes, start, delivery);
    }
    case null:
      if (length < MAGIC_LENGTH && mayBecomeCapture(bytes, start, end)) return null;
      throw noCapture(path, bytes, start, end);
  }
}

/** True when some capture starts with these bytes, of which there are fewer than a magic number has. */
function mayBecomeCapture(bytes: Buffer, start: number, end: number): boolean {
  const magics = [SECTION_HEADER, SNOOP_MAGIC, ...PCAP_MAGICS];
  const starts = (magic: number, littleEndian: boolean) => {
    for (let i = 0; i < end - start; i++) {
      const shift = 8 * (littleEndian ? i : MAGIC_LENGTH - 1 - i);
      if (bytes[start + i] !== ((magic >>> shift) & 0xff)) return false;
    }
    return true;
  };
  return magics.some((magic) => starts(magic, true) || starts(magic, false));
}

function noCapture(path: string, bytes: Buffer, start: number, end: number): UserError {
  const found = bytes.subarray(start, Math.min(end, start + MAGIC_LENGTH));
  const hex = [...found].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return new UserError('file', `${nameOf(path)}: not a pcap, pcapng or snoop file (starts with ${hex})`);
}

function unsupported(path: string, version: string, supported: string): UserError {
  return new UserError('file', `${nameOf(path)}: ${version} cannot be read, only ${supported}`);
}
