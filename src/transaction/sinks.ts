/**
 * What the parsers of a connection call, handed on to what pairs its messages. Classes, because a closure for each of these calls
 * took 1 kB a connection.
 */
import type { Moment } from '../capture/packet.ts';
import type {
  Anomaly,
  Framing,
  MessageEnd,
  MessageSink,
  OnAnomaly,
  RequestHead,
  ResponseHead,
} from '../http/message.ts';
import type { Exchange } from './exchange.ts';
import type { CollectedMessage } from './message.ts';
import type { HttpStage } from './transaction.ts';

export interface Requests {
  /** Between the calls of a message: the exchange that it begins. */
  readonly sent: Exchange;
  readonly isRequestDue: boolean;
  onRequestStart(at: Moment): void;
  onRequestEnd(end: MessageEnd): void;
  onRequestOther(bytes: Buffer, start: number, end: number): void;
  noteOfRequest(anomaly: Anomaly): void;
}

export interface Responses {
  /** Between the calls of a message: it, and the exchange that it answers, or null. */
  readonly received: CollectedMessage<ResponseHead>;
  readonly answered: Exchange | null;
  readonly isResponseDue: boolean;
  onResponseStart(at: Moment): void;
  onResponseHead(head: ResponseHead, tell: OnAnomaly): Framing;
  onResponseEnd(end: MessageEnd): void;
  onResponseOther(bytes: Buffer, start: number, end: number): void;
  noteOfResponse(anomaly: Anomaly): void;
}

export class RequestSink implements MessageSink<RequestHead> {
  readonly #requests: Requests;
  readonly #http: HttpStage;
  readonly #tell: OnAnomaly;

  constructor(requests: Requests, http: HttpStage) {
    this.#requests = requests;
    this.#http = http;
    this.#tell = (anomaly) => requests.sent.noteAnomaly(anomaly);
  }

  onStart(at: Moment): void {
    this.#requests.onRequestStart(at);
  }

  onHead(head: RequestHead): Framing {
    this.#requests.sent.request!.head = head;
    return this.#http.frameRequest(head, this.#tell);
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.#requests.sent.request!.addBody(bytes, start, end);
  }

  onBodyGap(length: number): void {
    this.#requests.sent.request!.addBodyGap(length);
  }

  onEnd(end: MessageEnd): void {
    this.#requests.onRequestEnd(end);
  }

  onAnomaly(anomaly: Anomaly): void {
    this.#requests.noteOfRequest(anomaly);
  }

  onOther(bytes: Buffer, start: number, end: number): void {
    this.#requests.onRequestOther(bytes, start, end);
  }

  isDue(): boolean {
    return this.#requests.isRequestDue;
  }
}

export class ResponseSink implements MessageSink<ResponseHead> {
  readonly #responses: Responses;
  readonly #tell: OnAnomaly;

  constructor(responses: Responses) {
    this.#responses = responses;
    this.#tell = (anomaly) => responses.answered?.noteAnomaly(anomaly);
  }

  onStart(at: Moment): void {
    this.#responses.onResponseStart(at);
  }

  onHead(head: ResponseHead): Framing {
    return this.#responses.onResponseHead(head, this.#tell);
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.#responses.received.addBody(bytes, start, end);
  }

  onBodyGap(length: number): void {
    this.#responses.received.addBodyGap(length);
  }

  onEnd(end: MessageEnd): void {
    this.#responses.onResponseEnd(end);
  }

  onAnomaly(anomaly: Anomaly): void {
    this.#responses.noteOfResponse(anomaly);
  }

  onOther(bytes: Buffer, start: number, end: number): void {
    this.#responses.onResponseOther(bytes, start, end);
  }

  isDue(): boolean {
    return this.#responses.isResponseDue;
  }
}
