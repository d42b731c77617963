/** Pipelined requests of which a hole in the capture swallowed an answer: whose the next one is cannot be told. */
import { expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { analyzed, OK, POST } from './judged.ts';

const FAILED = 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n';

const pipelined = () => conversation().handshake().clientSends(POST).clientSends(POST).ack('server');

test('an answer behind a hole that may answer either of two requests decides neither', async () => {
  const talk = pipelined().drop().serverSends(FAILED).serverSends(OK).ack('client').close('client');
  const { records } = await analyzed(talk.frames);
  expect(records.map(({ id, verdict, missing }) => [id, verdict, missing])).toEqual([
    ['1.1', 'response_not_captured', ['response']],
    ['1.2', 'capture_insufficient', ['pairing']],
  ]);
});

test('with all answers captured both are decided', async () => {
  const talk = pipelined().serverSends(FAILED).serverSends(OK).ack('client').close('client');
  const { records } = await analyzed(talk.frames);
  expect(records.map(({ id, verdict }) => [id, verdict])).toEqual([
    ['1.1', 'server_error'],
    ['1.2', 'delivered'],
  ]);
});

test('a request sent after the hole is surely the one that the next answer is for', async () => {
  const talk = conversation()
    .handshake()
    .clientSends(POST)
    .ack('server')
    .drop()
    .serverSends(FAILED)
    .ack('client')
    .wait(5)
    .clientSends(POST)
    .ack('server')
    .serverSends(OK)
    .ack('client')
    .close('client');
  const { records } = await analyzed(talk.frames);
  expect(records.map(({ id, verdict }) => [id, verdict])).toEqual([
    ['1.1', 'response_not_captured'],
    ['1.2', 'delivered'],
  ]);
});
