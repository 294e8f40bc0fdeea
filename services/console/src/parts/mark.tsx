/** Three tributaries that become one river. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M5 4c0 8 11 8 11 16v8M16 4v24M27 4c0 8-11 8-11 16v8" />
    </svg>
  );
}
