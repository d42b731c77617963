/** What is used of the package `cap` (https://github.com/mscdex/cap), which has no types of its own. */
declare module 'cap' {
  class Cap {
    /**
     * @param bufferSize bytes of the kernel's buffer.
     * @param buffer where each packet is copied to: libpcap holds on to it until `close`.
     * @returns a name for the link type.
     */
    open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
    close(): boolean;
    /** @param truncated the packet was longer than the buffer. */
    on(event: 'packet', listener: (bytes: number, truncated: boolean) => void): this;
  }
  /** A CommonJS module: Node gives all of it as the default. */
  const addon: { readonly Cap: typeof Cap };
  export = addon;
}
