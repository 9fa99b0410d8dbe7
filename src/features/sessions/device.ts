/** What a device tells of itself when it signs in. */
export interface Device {
  deviceName: string | null;
  userAgent: string | null;
  ip: string;
}

/** Looked for in this order: Android calls itself Linux too, and an iPhone "like Mac OS X". */
const platforms: readonly (readonly [RegExp, string])[] = [
  [/Android/i, 'Android'],
  [/iPhone|iPad|iPod|CFNetwork/i, 'iOS'],
  [/Windows/i, 'Windows'],
  [/Macintosh|Mac OS X|Darwin/i, 'macOS'],
  [/CrOS/i, 'ChromeOS'],
  [/Linux|X11/i, 'Linux'],
];

/** Names the system that a User-Agent speaks of, or null when it names none that is known. */
export function platformOf(userAgent: string | null): string | null {
  if (userAgent === null) return null;
  return platforms.find(([pattern]) => pattern.test(userAgent))?.[1] ?? null;
}
