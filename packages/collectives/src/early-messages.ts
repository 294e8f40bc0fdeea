const mostMessages = 4_096;
const mostBytes = 8 * 1024 * 1024;

/**
 * Messages of a step that this member has not entered. Few are sent that early (wants, headers, sums); what does not fit is
 * dropped, and will be asked for or sent again.
 */
export class EarlyMessages {
  #messages: { readonly from: number; readonly step: number; readonly message: Uint8Array }[] = [];
  #bytes = 0;

  /** False where there is no more room. */
  keep(from: number, step: number, message: Uint8Array): boolean {
    if (this.#messages.length >= mostMessages || this.#bytes + message.byteLength > mostBytes) return false;
    // A copy: the transport's buffer may be much larger than its message.
    this.#messages.push({ from, step, message: new Uint8Array(message) });
    this.#bytes += message.byteLength;
    return true;
  }

  /** Takes out the messages of `step`, in the order of arrival, and drops older ones. */
  take(step: number): readonly { readonly from: number; readonly message: Uint8Array }[] {
    const taken = this.#messages.filter((one) => one.step === step);
    this.#messages = this.#messages.filter((one) => one.step > step);
    this.#bytes = this.#messages.reduce((total, one) => total + one.message.byteLength, 0);
    return taken;
  }
}
