/** The open store: catalogue, documents, transactions, and garbage collection of dropped collections and indexes. */
import { numberPrefix, successor } from './bytes.js';
import { type Catalogue, openCatalogue } from './catalogue.js';
import { type Bytes, entries, openEnvironment, storageError } from './environment.js';
import { openRecords, type Records } from './records.js';

export interface Store {
  data: Bytes;
  catalogue: Catalogue;
  records: Records;
  /** Runs `work` in one durable transaction. If it throws or the disk fails, all of it is undone, in memory too. */
  transact<T>(work: () => T): T;
  /** Counts the transactions so far: a change means that what was read before may be out of date. */
  commits(): number;
  /** Deletes some keys of dropped collections and indexes; returns false when none are left. */
  collectGarbage(): boolean;
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}

const garbageKeysPerSlice = 2000;

/** Opens the store in a folder. Throws StoreLockedError and StoreVersionError. */
export function openStore(folder: string): Store {
  const environment = openEnvironment(folder);
  const { data } = environment;
  const catalogue = openCatalogue(environment.catalogue);
  const records = openRecords(data, catalogue.markChanged);
  let commits = 0;

  function transact<T>(work: () => T): T {
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
  }

  function collectGarbage(): boolean {
    const [id] = catalogue.garbage();
    if (id === undefined) return false;
    transact(() => {
      const prefix = numberPrefix(id);
      let left = garbageKeysPerSlice;
      for (const { key } of entries(data, { start: prefix, end: successor(prefix) })) {
        if (left-- === 0) return;
        data.removeSync(key);
      }
      catalogue.removeGarbage(id);
    });
    return true;
  }

  removeUnfinishedIndexes({ catalogue, transact });
  return {
    data,
    catalogue,
    records,
    transact,
    commits: () => commits,
    collectGarbage,
    backup: environment.backup,
    close: environment.close,
  };
}

/** Removes indexes whose build was cut short by a crash; their keys become garbage. */
function removeUnfinishedIndexes({ catalogue, transact }: Pick<Store, 'catalogue' | 'transact'>): void {
  for (const table of catalogue.tables.values()) {
    for (const index of table.indexes.filter(({ ready }) => !ready)) {
      transact(() => catalogue.removeIndex(table, index));
    }
  }
}
