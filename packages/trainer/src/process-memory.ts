/** Resident memory of this process, both threads: now, and the most that it ever was. */
export function processMemory(): { readonly rssBytes: number; readonly peakRssBytes: number } {
  const rssBytes = process.memoryUsage.rss();
  return { rssBytes, peakRssBytes: Math.max(rssBytes, process.resourceUsage().maxRSS * 1_024) };
}
