/** `npm run doctor`: checks settings, store and storage; with `-- --check-data` all data, too. */
import { constants } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { access, mkdir, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig, readEnvironment, type Config } from '../config.js';
import { createScratch } from '../drivers/scratch.js';
import { openStorage } from '../drivers/storage-opening.js';
import { createJobRepository } from '../repositories/jobs/job-repository.js';
import { runChecks } from './checks.js';
import { openForTools, type OpenedStore } from './open.js';

const known = new Set(['--check-data', '--help']);
const usage = `usage: npm run doctor [-- --check-data]

  --check-data   check every invariant of the stored data and report each violation (reads all data)
`;
const minFreeBytes = 256 * 1024 * 1024;
const progressEveryMs = 5_000;
const namedJobs = 20;

/** Network file systems, by their magic numbers in Linux: NFS, SMB, CIFS, SMB2, AFS, CephFS. */
const networkFileSystems = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x00c36400]);

let faults = 0;

function sound(sentence: string): void {
  console.log(`ok     ${sentence}`);
}

function fault(sentence: string): void {
  faults += 1;
  console.log(`FAULT  ${sentence}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Checks the settings; without valid settings nothing else can be checked. */
function checkSettings(): Config | null {
  try {
    const config = loadConfig(readEnvironment());
    sound(`settings: environment ${config.env}, store ${config.mongodbUri === null ? 'embedded' : 'MONGODB_URI'}`);
    return config;
  } catch (error) {
    fault(`settings: ${reasonOf(error)}`);
    return null;
  }
}

async function checkSecret(dataDir: string): Promise<void> {
  const found = await stat(join(dataDir, 'secret.key')).catch(() => null);
  if (found === null || process.platform === 'win32') return;
  if ((found.mode & 0o077) === 0) sound('storage: only its owner can read the generated secret');
  else fault(`storage: other users can read the generated secret; run: chmod 600 '${join(dataDir, 'secret.key')}'`);
}

async function checkStorage(config: Config): Promise<void> {
  try {
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    await access(config.dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    fault(`storage: DATA_DIR is not writable: ${reasonOf(error)}`);
    return;
  }
  const { type, bavail, bsize } = await statfs(config.dataDir);
  if (config.mongodbUri === null && networkFileSystems.has(type >>> 0)) {
    fault('storage: DATA_DIR is on a network file system; the embedded store needs a local disk, or use MONGODB_URI');
  }
  const freeBytes = bavail * bsize;
  if (freeBytes < minFreeBytes)
    fault(`storage: only ${Math.floor(freeBytes / 1024 / 1024)} MB are free on the disk of DATA_DIR`);
  else sound(`storage: DATA_DIR is writable, and ${Math.floor(freeBytes / 1024 / 1024)} MB are free`);
  await checkSecret(config.dataDir);
}

/** Writes a file to the storage of uploads, reads it back and removes it. */
async function checkMediaStorage(config: Config): Promise<void> {
  const scratch = createScratch(config.media.scratchFolder);
  const name = randomBytes(16).toString('hex');
  const what = config.storage.kind === 's3' ? 'the bucket of STORAGE_URL' : 'the folder of uploads';
  try {
    const storage = await openStorage(config.storage);
    const path = scratch.path();
    await writeFile(path, 'sound');
    await storage.put(name, path);
    const size = await storage.sizeOf(name);
    await storage.remove(name);
    if (size === 5) sound(`storage: ${what} is readable and writable`);
    else fault(`storage: ${what} does not return what is written to it`);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    fault(`storage: ${what} is not writable: ${reasonOf(cause)}`);
  } finally {
    await scratch.close();
  }
}

async function checkData(store: OpenedStore, config: Config): Promise<void> {
  const began = Date.now();
  const seconds = (): number => Math.round((Date.now() - began) / 1000);
  const before = faults;
  const progress = setInterval(
    () => console.error(`       data: still checking after ${seconds()} s`),
    progressEveryMs,
  );
  try {
    for await (const violation of runChecks(store.connection, await openStorage(config.storage)))
      fault(`data: ${violation}`);
  } finally {
    clearInterval(progress);
  }
  if (faults === before) sound(`data: every invariant holds (${seconds()} s)`);
}

/** Reports jobs that were given up, which happens after eight failures. */
async function checkJobs(store: OpenedStore): Promise<void> {
  const jobs = createJobRepository(store.connection);
  const dead = await jobs.count('dead');
  if (dead === 0) return sound('jobs: none was given up');
  for (const { name, key, tries, error } of await jobs.dead(namedJobs))
    fault(`jobs: ${name} ${key} was given up after ${tries} tries: ${error ?? 'unknown error'}`);
  const others = dead > namedJobs ? `; ${dead - namedJobs} more are not listed` : '';
  console.log(`       once the cause is fixed, run: npm run admin -- retry-jobs${others}`);
}

async function checkStore(config: Config, withData: boolean): Promise<void> {
  let store: OpenedStore;
  try {
    store = await openForTools(config);
  } catch (error) {
    fault(`store: ${reasonOf(error)}`);
    return;
  }
  try {
    await store.ping();
    sound('store: reachable, with the schema version and unique indexes of this server');
    await checkJobs(store);
    if (withData) await checkData(store, config);
  } catch (error) {
    fault(`store: ${reasonOf(error)}`);
  } finally {
    await store.close();
  }
}

async function main(args: string[]): Promise<void> {
  const strangers = args.filter((arg) => !known.has(arg));
  if (strangers.length > 0 || args.includes('--help')) {
    console.log(usage);
    process.exitCode = strangers.length > 0 ? 2 : 0;
    return;
  }
  const config = checkSettings();
  if (config !== null) {
    await checkStorage(config);
    await checkMediaStorage(config);
    await checkStore(config, args.includes('--check-data'));
  }
  console.log(faults === 0 ? 'No problems found.' : `${faults} ${faults === 1 ? 'fault' : 'faults'} found.`);
  process.exitCode = faults === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
