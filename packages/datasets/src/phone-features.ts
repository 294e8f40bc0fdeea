import { type FrameSequence, framesOf } from './frame-sequence.js';

/**
 * What each number of a phone's vector says, 0 to 1. `place` runs from the lips (0) to the glottis (1); `height` from open to
 * close, `backness` from front to back; `endHeight` and `endBackness` are where a diphthong ends (a plain vowel ends where it begins).
 * What does not apply to a phone is 0.
 */
export const phoneFeatureNames = [
  'voiced',
  'nasal',
  'stop',
  'fricative',
  'affricate',
  'liquid',
  'glide',
  'vowel',
  'place',
  'sibilant',
  'rhotic',
  'rounding',
  'height',
  'backness',
  'endHeight',
  'endBackness',
] as const;

type PhoneFeature = (typeof phoneFeatureNames)[number];
type Features = Readonly<Partial<Record<PhoneFeature, number>>>;

/** Steps of the IPA chart, evenly spaced. */
const place = {
  bilabial: 0,
  labiodental: 1,
  dental: 2,
  alveolar: 3,
  postalveolar: 4,
  palatal: 5,
  velar: 6,
  glottal: 8,
};
const height = { open: 0, nearOpen: 1, openMid: 2, mid: 3, closeMid: 4, nearClose: 5, close: 6 };
const backness = { front: 0, nearFront: 1, central: 2, nearBack: 3, back: 4 };

type Manner = 'nasal' | 'stop' | 'fricative' | 'affricate' | 'liquid' | 'glide';

const consonant = (manner: Manner, at: keyof typeof place, voiced: 0 | 1, more: Features = {}): Features => ({
  [manner]: 1,
  voiced,
  place: place[at] / 8,
  ...more,
});

type Position = readonly [keyof typeof height, keyof typeof backness];

const at = ([high, back]: Position): readonly [number, number] => [height[high] / 6, backness[back] / 4];

const vowel = (begin: Position, end: Position = begin, more: Features = {}): Features => {
  const [startHeight, startBackness] = at(begin);
  const [endHeight, endBackness] = at(end);
  return { vowel: 1, voiced: 1, height: startHeight, backness: startBackness, endHeight, endBackness, ...more };
};

const sibilant = { sibilant: 1 };
const rounded = { rounding: 1 };
const ih: Position = ['nearClose', 'nearFront'];
const uh: Position = ['nearClose', 'nearBack'];

/**
 * The 39 phones of the CMU Pronouncing Dictionary (ARPAbet) in the terms of the chart of the International Phonetic Association
 * (2015), with the values of General American English given by Ladefoged and Johnson, A Course in Phonetics.
 */
const table: Readonly<Record<string, Features>> = {
  P: consonant('stop', 'bilabial', 0),
  B: consonant('stop', 'bilabial', 1),
  T: consonant('stop', 'alveolar', 0),
  D: consonant('stop', 'alveolar', 1),
  K: consonant('stop', 'velar', 0),
  G: consonant('stop', 'velar', 1),
  CH: consonant('affricate', 'postalveolar', 0, sibilant),
  JH: consonant('affricate', 'postalveolar', 1, sibilant),
  F: consonant('fricative', 'labiodental', 0),
  V: consonant('fricative', 'labiodental', 1),
  TH: consonant('fricative', 'dental', 0),
  DH: consonant('fricative', 'dental', 1),
  S: consonant('fricative', 'alveolar', 0, sibilant),
  Z: consonant('fricative', 'alveolar', 1, sibilant),
  SH: consonant('fricative', 'postalveolar', 0, sibilant),
  ZH: consonant('fricative', 'postalveolar', 1, sibilant),
  HH: consonant('fricative', 'glottal', 0),
  M: consonant('nasal', 'bilabial', 1),
  N: consonant('nasal', 'alveolar', 1),
  NG: consonant('nasal', 'velar', 1),
  L: consonant('liquid', 'alveolar', 1),
  R: consonant('liquid', 'postalveolar', 1, { rhotic: 1 }),
  // Glides are close vowels that do not carry a syllable.
  W: consonant('glide', 'velar', 1, { ...rounded, height: 1, backness: 1, endHeight: 1, endBackness: 1 }),
  Y: consonant('glide', 'palatal', 1, { height: 1, endHeight: 1 }),
  IY: vowel(['close', 'front']),
  IH: vowel(ih),
  EH: vowel(['openMid', 'front']),
  AE: vowel(['nearOpen', 'front']),
  AA: vowel(['open', 'back']),
  AO: vowel(['openMid', 'back'], undefined, rounded),
  UH: vowel(uh, undefined, rounded),
  UW: vowel(['close', 'back'], undefined, rounded),
  AH: vowel(['openMid', 'central']),
  ER: vowel(['mid', 'central'], undefined, { rhotic: 1 }),
  EY: vowel(['closeMid', 'front'], ih),
  AY: vowel(['open', 'central'], ih),
  OY: vowel(['openMid', 'back'], ih, rounded),
  AW: vowel(['open', 'central'], uh),
  OW: vowel(['closeMid', 'back'], uh, rounded),
};

/** Phone (without stress) → its vector, in the order of {@link phoneFeatureNames}. */
export const phoneFeatures: ReadonlyMap<string, Float32Array> = new Map(
  Object.entries(table).map(([phone, features]) => [
    phone,
    Float32Array.from(phoneFeatureNames, (name) => features[name] ?? 0),
  ]),
);

/** @throws RangeError for a phone that is none of the 39 */
export function articulation(phones: readonly string[]): FrameSequence {
  return framesOf(
    phones.map((phone) => {
      const vector = phoneFeatures.get(phone);
      if (vector === undefined) throw new RangeError(`"${phone}" is not one of the 39 ARPAbet phones`);
      return vector;
    }),
    phoneFeatureNames.length,
  );
}

/** The phone whose vector lies nearest (Euclidean) to each vector of a sequence; of two equally near, the first of the table. */
export function nearestPhones({ length, width, values }: FrameSequence): string[] {
  return Array.from({ length }, (_, frame) => {
    let nearest = { phone: '', distance: Number.POSITIVE_INFINITY };
    for (const [phone, vector] of phoneFeatures) {
      let distance = 0;
      for (let i = 0; i < vector.length; i++)
        distance += ((values[frame * width + i] as number) - (vector[i] as number)) ** 2;
      if (distance < nearest.distance) nearest = { phone, distance };
    }
    return nearest.phone;
  });
}
