import type { ComponentChildren } from 'preact';

export interface NoticeProps {
  /** `error` and `stale` are announced at once where they appear. */
  readonly kind: 'plain' | 'error' | 'stale' | 'done';
  readonly title?: string;
  readonly children?: ComponentChildren;
}

export function Notice({ kind, title, children }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`} role={kind === 'error' ? 'alert' : kind === 'plain' ? undefined : 'status'}>
      {title === undefined ? null : <p class="notice-title">{title}</p>}
      {children === undefined ? null : <div class="notice-text">{children}</div>}
    </div>
  );
}
