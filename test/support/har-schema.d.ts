/** The published schemas of HAR 1.2, by the names of their parts; the package brings no types. */
declare module 'har-schema' {
  const schemas: Readonly<Record<string, object>>;
  export = schemas;
}
