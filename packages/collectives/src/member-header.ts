/** What a member tells all others once in a step. */
export interface LaneFacts {
  readonly lane: number;
  readonly finite: boolean;
  readonly loss: number;
  readonly tokens: number;
}

const laneBytes = 24;

/** u32 control, u32 lanes; for each lane u32 lane, u32 finite, f64 loss, f64 tokens. */
export function encodeMemberHeader(control: number, lanes: readonly LaneFacts[]): Uint8Array {
  const body = new Uint8Array(8 + lanes.length * laneBytes);
  const view = new DataView(body.buffer);
  view.setUint32(0, control, true);
  view.setUint32(4, lanes.length, true);
  for (const [position, { lane, finite, loss, tokens }] of lanes.entries()) {
    const at = 8 + position * laneBytes;
    view.setUint32(at, lane, true);
    view.setUint32(at + 4, finite ? 1 : 0, true);
    view.setFloat64(at + 8, loss, true);
    view.setFloat64(at + 16, tokens, true);
  }
  return body;
}

/** Null where the bytes are no header. */
export function decodeMemberHeader(body: Uint8Array): { control: number; lanes: LaneFacts[] } | null {
  if (body.byteLength < 8) return null;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const count = view.getUint32(4, true);
  if (body.byteLength !== 8 + count * laneBytes) return null;
  const lanes: LaneFacts[] = [];
  for (let position = 0; position < count; position++) {
    const at = 8 + position * laneBytes;
    lanes.push({
      lane: view.getUint32(at, true),
      finite: view.getUint32(at + 4, true) === 1,
      loss: view.getFloat64(at + 8, true),
      tokens: view.getFloat64(at + 16, true),
    });
  }
  return { control: view.getUint32(0, true), lanes };
}
