/** The open store: catalogue, documents, transactions, and the background deletion of what was dropped. */
import { openCatalogue } from './catalogue.js';
import type { Catalogue } from './catalogue.js';
import { entries, openEnvironment, storageError } from './environment.js';
import type { Bytes } from './environment.js';
import { numberPrefix, successor } from './bytes.js';
import { openRecords } from './records.js';
import type { Records } from './records.js';

export interface Store {
  readonly data: Bytes;
  readonly catalogue: Catalogue;
  readonly records: Records;
  /** Runs `work` in one durable transaction. If it throws or the disk fails, nothing of it has happened, in memory too. */
  readonly transact: <T>(work: () => T) => T;
  /** How many transactions have ended: what was read before the last one may be out of date. */
  readonly commits: () => number;
  /** Deletes some keys of what was dropped; false when nothing is left to delete. */
  readonly sweep: () => boolean;
  readonly backup: (file: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

const SLICE = 2000;

/** Opens the store in a folder. Throws StoreLockedError and StoreVersionError. */
export function openStore(folder: string): Store {
  const environment = openEnvironment(folder);
  const { data } = environment;
  const catalogue = openCatalogue(environment.catalogue);
  const records = openRecords(data, catalogue.touch);
  let commits = 0;
  const transact: Store['transact'] = (work) => {
    commits++;
    try {
      return environment.transact(() => {
        const result = work();
        catalogue.flush();
        return result;
      });
    } catch (error) {
      catalogue.reload();
      throw storageError(error, environment.freeBytes);
    }
  };
  const sweep = (): boolean => {
    const [id] = catalogue.garbage();
    if (id === undefined) return false;
    transact(() => {
      const prefix = numberPrefix(id);
      let left = SLICE;
      for (const { key } of entries(data, { start: prefix, end: successor(prefix) })) {
        if (left-- === 0) return;
        data.removeSync(key);
      }
      catalogue.forgetGarbage(id);
    });
    return true;
  };
  abandonBuilds({ catalogue, transact });
  return {
    data,
    catalogue,
    records,
    transact,
    commits: () => commits,
    sweep,
    backup: environment.backup,
    close: environment.close,
  };
}

/** An index whose building a crash ended is not there: it goes, and its keys with it. */
function abandonBuilds({ catalogue, transact }: Pick<Store, 'catalogue' | 'transact'>): void {
  for (const table of catalogue.tables.values()) {
    for (const index of table.indexes.filter(({ ready }) => !ready))
      transact(() => catalogue.removeIndex(table, index));
  }
}
