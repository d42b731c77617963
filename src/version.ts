/**
 * The package's version, as in package.json (a test keeps them equal): a constant, so that start-up reads no file.
 */
export const VERSION = '0.1.0';
