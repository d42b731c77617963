/**
 * The library's public names, nothing else. A source of packets and a sink of records go into `analyze`;
 * every transaction comes out as soon as it is known, the findings on hosts and the capture at the end.
 */

export { analyze, DEFAULT_OPTIONS } from './analyzer.ts';
export { type CaptureOptions, openCapture } from './capture/file.ts';
export { type BufferOptions, bufferSource } from './capture/memory.ts';
export type {
  CaptureFacts,
  CaptureInterface,
  FileFacts,
  Moment,
  Packet,
  PacketSource,
  Time,
  Warning,
} from './capture/packet.ts';
export { UserError, type UserErrorCode } from './error.ts';
export type { HeaderField } from './http/message.ts';
export type { LimitName } from './limits.ts';
export { en } from './report/summary/en.ts';
export type { Language } from './report/summary/language.ts';
export { zh } from './report/summary/zh.ts';
export { type Clock, rfc3339 } from './report/time.ts';
export { KeyLog } from './tls/keylog.ts';
export type { PacketRecord } from './verdict/packet-record.ts';
export type {
  AcceptRule,
  AnalysisOptions,
  CaptureRecord,
  ClosedBy,
  Code,
  Confidence,
  ConnectionRecord,
  Counts,
  DecodedCounts,
  DeliveryRecord,
  Endpoint,
  Evidence,
  Expectation,
  ExpectedDelivery,
  ExpectedSummary,
  Findings,
  HostRecord,
  HostRule,
  KeySpec,
  Outcome,
  Party,
  Place,
  Policy,
  Quantiles,
  RecordSink,
  RequestRecord,
  ResponseRecord,
  Role,
  SummaryRecord,
  TransactionFacts,
  TransactionRecord,
  TransactionTimes,
  TransactionTimings,
  UnseenRecord,
} from './verdict/verdict.ts';
