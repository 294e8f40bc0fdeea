export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What mends it; undefined when it is well. */
  readonly remedy: string | undefined;
}

export function good(name: string, detail: string): DoctorCheck {
  return { name, ok: true, detail, remedy: undefined };
}

export function bad(name: string, detail: string, remedy: string): DoctorCheck {
  return { name, ok: false, detail, remedy };
}
