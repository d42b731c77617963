/** Histories against Zeek's documented letters (docs.zeek.org, conn.log `history`). */
import { describe, expect, test } from 'vitest';
import { History } from '../../src/tcp/history.ts';
import { conversation } from '../support/conversation.ts';
import { observeOne } from './observe.ts';

describe('history', () => {
  test('a letter comes once a side', () => {
    const history = new History();
    for (const letter of 'shaddaadfrfr') history.note(letter, 0);
    for (const letter of 'dad') history.note(letter, 1);
    expect(history.from(0)).toBe('SHADFRda');
    expect(history.from(1)).toBe('^shadfrDA');
  });

  test('retransmissions, zero windows and gaps come again at each power of ten, for each side', () => {
    for (const letter of 'twg') {
      const history = new History();
      for (let count = 1; count <= 100_000; count++) {
        history.note(letter, 0);
        if (count <= 9) history.note(letter, 1);
        if (count === 10) expect(history.from(0)).toBe(letter.toUpperCase() + letter + letter.toUpperCase());
      }
      expect(history.from(0).length).toBe(7);
    }
  });

  test('does not grow without bound', () => {
    const history = new History();
    for (let count = 0; count < 200; count++) {
      for (const letter of 'abcdefghijklmnopqrstuvwxyz') {
        history.note(letter, 0);
        history.note(letter, 1);
      }
    }
    expect(history.from(0).length).toBeLessThanOrEqual(64);
    expect(history.from(1).length).toBeLessThanOrEqual(65);
  });

  const packets: readonly (readonly [string, string, string])[] = [
    ['a SYN', 'S', 'S'],
    ['a SYN-ACK', 'SA', 'H'],
    ['a bare acknowledgement', 'A', 'A'],
    ['a FIN', 'FA', 'F'],
    ['a reset', 'R', 'R'],
    ['a reset that acknowledges', 'RA', 'R'],
    ['SYN and FIN', 'SF', 'Q'],
    ['SYN and RST', 'SR', 'Q'],
    ['FIN and RST', 'FR', 'I'],
    ['no flag', '', ''],
    ['all flags', 'FSRPAUEC', 'Q'],
  ];
  for (const [name, flags, letters] of packets) {
    test(`${name} by itself is ${letters || 'nothing'}`, async () => {
      const { connection } = await observeOne(
        conversation().established().segment('client', { flags }).frames,
      );
      expect(connection.historyFrom(0)).toBe(letters);
    });
  }

  test('a delivery that was refused, one that was answered', async () => {
    const refused = conversation().syn().rst('server');
    expect((await observeOne(refused.frames)).connection.historyFrom(0)).toBe('Sr');
    const answered = conversation()
      .handshake()
      .clientSends('ask')
      .ack('server')
      .serverSends('answer')
      .ack('client');
    expect((await observeOne(answered.close('server').frames)).connection.historyFrom(0)).toBe('ShADadfF');
  });
});
