/** One case of a compliance suite. It throws where the implementation breaks the contract; any test runner can run it. */
export interface ComplianceCase {
  readonly name: string;
  run(): Promise<void>;
}
