/** Whether an exchange's end is the first at or after a multiple. @param before steps done before the exchange */
export function passesMultiple(every: number, before: number, step: number): boolean {
  return Math.floor(step / every) > Math.floor(before / every);
}
