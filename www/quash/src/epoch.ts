/** The channel's name, and the message on it is an epoch. */
export const CHANNEL = 'quash';

/** The `localStorage` key of the last epoch; writing it fires `storage` in the other tabs. */
export const EPOCH_KEY = 'quash:epoch';

// Epochs that were made or heard here. Each logout arrives by two ways, and a tab must not answer its own.
const known = new Set<string>();

/** Names one logout. */
export function newEpoch(): string {
  const epoch = `${Date.now()}-${Math.random()}`;
  known.add(epoch);
  return epoch;
}

/** Is this the first time that this tab hears of `epoch`? */
export function isNews(epoch: string): boolean {
  return known.size < known.add(epoch).size;
}

/** Of the last logout in this browser, if there was one and the browser tells. */
export function lastEpoch(): string | null {
  try {
    return localStorage.getItem(EPOCH_KEY);
  } catch {
    return null;
  }
}
