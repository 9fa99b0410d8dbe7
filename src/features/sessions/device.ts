/** A device that signs in. */
export interface Device {
  deviceName: string | null;
  userAgent: string | null;
  ip: string;
}

/** Searched in this order: Android also calls itself Linux, and an iPhone "like Mac OS X". */
const platforms: readonly (readonly [RegExp, string])[] = [
  [/Android/i, 'Android'],
  [/iPhone|iPad|iPod|CFNetwork/i, 'iOS'],
  [/Windows/i, 'Windows'],
  [/Macintosh|Mac OS X|Darwin/i, 'macOS'],
  [/CrOS/i, 'ChromeOS'],
  [/Linux|X11/i, 'Linux'],
];

/** The platform that a User-Agent names; null if it names none that is known. */
export function platformOf(userAgent: string | null): string | null {
  if (userAgent === null) return null;
  return platforms.find(([pattern]) => pattern.test(userAgent))?.[1] ?? null;
}
