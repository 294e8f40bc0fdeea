/** Resident memory of this process, in bytes: now, and the most that it ever was. */
export function processMemory(): { readonly rssBytes: number; readonly peakRssBytes: number } {
  const rssBytes = process.memoryUsage.rss();
  // The kernel updates its own maximum late.
  return { rssBytes, peakRssBytes: Math.max(rssBytes, process.resourceUsage().maxRSS * 1024) };
}
