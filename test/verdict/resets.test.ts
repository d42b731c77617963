/** Resets of a host: each side's once a connection, whoever closed first and however many requests it cut off. */
import { expect, test } from 'vitest';
import { conversation } from '../support/conversation.ts';
import { analyzed, OK, POST } from './judged.ts';
import { asked } from './situations.ts';

test("the sender's RST after its own FIN counts", async () => {
  const { findings } = await analyzed(
    asked().wait(2000).fin('client').ack('server').serverSends(OK).rst('client').frames,
  );
  expect(findings.hosts[0]!.resets).toEqual({ bySender: 1, byReceiver: 0 });
});

test('one RST that cuts off three pipelined requests counts once', async () => {
  const talk = conversation().handshake().clientSends(POST).clientSends(POST).clientSends(POST);
  const { records, findings } = await analyzed(talk.ack('server').rst('server').frames);
  expect(records.map(({ verdict }) => verdict)).toEqual(Array(3).fill('no_response_reset'));
  expect(findings.hosts[0]!.resets).toEqual({ bySender: 0, byReceiver: 1 });
});
