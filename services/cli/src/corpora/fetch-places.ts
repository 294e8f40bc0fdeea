import type { Report } from '@tributary/devstack';

/** Where a corpus is made, and from what. */
export interface FetchPlaces {
  /** Folder of all corpora. */
  readonly root: string;
  /** What is downloaded stays here. */
  readonly downloads: string;
  readonly report: Report;
}
