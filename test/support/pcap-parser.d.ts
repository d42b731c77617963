/** The part of pcap-parser that tests use; the package brings no types. */
declare module 'pcap-parser' {
  export interface ParsedPacket {
    readonly header: {
      readonly timestampSeconds: number;
      readonly timestampMicroseconds: number;
      readonly capturedLength: number;
      readonly originalLength: number;
    };
    readonly data: Buffer;
  }
  export interface Parser {
    on(event: 'packet', listener: (packet: ParsedPacket) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'end', listener: () => void): this;
  }
  export function parse(path: string): Parser;
}
