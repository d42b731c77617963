/** The names of the protocol are those of Node's own implementation, and so of nghttp2. */
import { constants } from 'node:http2';
import { expect, test } from 'vitest';
import { ERROR_CODES, errorName, HTTP2_ANOMALIES, INITIAL_WINDOW, SETTINGS } from '../../src/http2/http2.ts';

test('error codes have their registered names, unknown ones their number', () => {
  const known = constants as unknown as Record<string, number>;
  for (const [code, name] of ERROR_CODES.entries()) {
    expect(known[`NGHTTP2_${name}`]).toBe(code);
  }
  expect(errorName(7)).toBe('REFUSED_STREAM');
  expect(errorName(0x1_0e)).toBe('0x10e');
});

test('settings have their registered identifiers', () => {
  const known = constants as unknown as Record<string, number>;
  for (const [name, id] of Object.entries(SETTINGS)) expect(known[`NGHTTP2_SETTINGS_${name}`]).toBe(id);
  expect(INITIAL_WINDOW).toBe(constants.DEFAULT_SETTINGS_INITIAL_WINDOW_SIZE);
});

test('anomalies are in the order of their names', () => {
  const names = Object.keys(HTTP2_ANOMALIES);
  expect(names).toEqual([...names].sort());
});
