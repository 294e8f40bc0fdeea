/** Request to any agent (queue group) to generate with a committed checkpoint; JSON over NATS request/reply. */
export interface GenerateRequest {
  readonly run: string;
  readonly preparedKey: string;
  readonly checkpointKey: string;
  readonly task: string;
  readonly sources: readonly string[];
  readonly maxLength: number | null;
}

export type GenerateReply =
  | {
      readonly ok: true;
      readonly outputs: readonly { readonly source: string; readonly generated: string }[];
      readonly step: number;
      readonly worker: string;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };
