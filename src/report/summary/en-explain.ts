/**
 * English: what `wirewitness explain` says. The words of verdicts, signals and anomalies are those of their catalogues.
 */
import { ANOMALIES } from '../../http/message.ts';
import { HTTP2_ANOMALIES } from '../../http2/http2.ts';
import { TLS_ANOMALIES } from '../../tls/tls.ts';
import { SIGNALS } from '../../verdict/verdict.ts';
import type { ExplainWording } from './language.ts';

export const explainWording: ExplainWording = {
  verdict: (entry) => entry,
  labels: { outcome: 'outcome:', fault: 'fault:', confidence: 'confidence:', todo: 'What to do: ' },
  nobody: 'none',
  base: (confidence) => `${confidence}, before the health of the capture is weighed`,
  signal: 'A signal: it tells what else was seen, and decides nothing by itself.',
  signals: SIGNALS,
  httpAnomalies: ANOMALIES,
  http2Anomalies: HTTP2_ANOMALIES,
  tlsAnomalies: TLS_ANOMALIES,
};
