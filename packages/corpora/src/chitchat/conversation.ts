import { TributaryError } from '@tributary/protocol';
import { onOneLine } from '../words.js';

/** A conversation as its turns in order: what one side wrote before the other did, on one line. */
export interface Conversation {
  readonly id: string;
  readonly turns: readonly string[];
}

/**
 * Reads the data set's JSON, `{id: {messages: [[{text, timestamp, sender}]]}}`, where an inner list is a turn. Turns without a
 * word are left out.
 * @throws TributaryError `DATA_INVALID` for anything of another shape
 */
export function readConversations(json: string): Conversation[] {
  const document: unknown = JSON.parse(json);
  if (!isRecord(document)) throw unexpected('the whole');
  return Object.entries(document).map(([id, conversation]) => {
    if (!isRecord(conversation) || !Array.isArray(conversation.messages)) throw unexpected(`conversation ${id}`);
    return { id, turns: conversation.messages.map((turn) => turnText(turn, id)).filter((text) => text !== '') };
  });
}

function turnText(turn: unknown, id: string): string {
  if (!Array.isArray(turn)) throw unexpected(`a turn of conversation ${id}`);
  const texts = turn.map((message: unknown) => {
    if (!isRecord(message) || typeof message.text !== 'string') throw unexpected(`a message of conversation ${id}`);
    return message.text;
  });
  return onOneLine(texts.join(' '));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unexpected(what: string): TributaryError {
  return new TributaryError(
    'DATA_INVALID',
    `The chitchat data set has another shape than the one known here (${what}); its version is pinned, so fetch it again: npx tributary data fetch chitchat --again`,
  );
}
