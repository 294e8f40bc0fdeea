import { natsNames } from '@tributary/protocol';

export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * What the NATS user of the agents may do in one namespace: say that it lives, exchange gradients and snapshots, replay
 * stretches of a run, publish records and events, use the objects, read generations, write endings. It may not write a generation, nor make, change or drain a
 * stream: whoever holds a worker's password cannot steer a run.
 */
export function workerPermissions(namespace: string): NatsPermissions {
  const names = natsNames(namespace);
  const { generationsBucket: generations, endingsBucket: endings, objectsBucket: objects } = names;
  const exchange = `${names.generate.replace(/generate$/, 'exchange')}.>`;
  const streams = [`KV_${generations}`, `KV_${endings}`, `OBJ_${objects}`];
  return {
    publish: [
      names.beacon('>'),
      exchange,
      names.snapshots('*'),
      names.generate,
      names.records('>'),
      names.events('>'),
      // Answers to requests, and the requests' own answers' flow control.
      '_INBOX.>',
      '$JS.FC.>',
      '$JS.ACK.>',
      `$KV.${endings}.>`,
      `$O.${objects}.>`,
      '$JS.API.INFO',
      ...streams.flatMap((stream) => [
        `$JS.API.STREAM.INFO.${stream}`,
        `$JS.API.STREAM.MSG.GET.${stream}`,
        `$JS.API.DIRECT.GET.${stream}`,
        `$JS.API.DIRECT.GET.${stream}.>`,
        `$JS.API.CONSUMER.CREATE.${stream}`,
        `$JS.API.CONSUMER.CREATE.${stream}.>`,
        `$JS.API.CONSUMER.INFO.${stream}.>`,
        `$JS.API.CONSUMER.DELETE.${stream}.>`,
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
      ]),
      // Putting an object again drops the chunks of the one before.
      `$JS.API.STREAM.PURGE.OBJ_${objects}`,
    ],
    subscribe: [
      '_INBOX.>',
      names.beacon('>'),
      exchange,
      names.snapshots('*'),
      names.generate,
      `${names.verify}.*`,
      names.events('>'),
    ],
  };
}
