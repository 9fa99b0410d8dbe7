// Writes docs/REQUIREMENTS.md: which numbered promise is proved by which test. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { filesBelow, root } from './sources.mjs';

const titles = {
  1: 'Passwords: length, any Unicode, no composition rules, none of the common ones',
  2: 'The whole password counts, compared after normalization',
  3: 'Hashing passwords cannot stall the server',
  4: 'Signing in does not reveal whether an account exists',
  5: 'Two registrations of one name: exactly one succeeds',
  6: 'Password guessing is slowed, and cannot be used to lock anyone out',
  7: 'Only our own algorithm and keys are accepted for access tokens',
  8: 'A token is valid for its own purpose only',
  9: 'Tokens never travel in a URL',
  10: 'An access token becomes invalid with its session',
  11: 'Refresh tokens rotate and are stored as hashes',
  12: 'A retired refresh token ends its session',
  13: 'A lost response or a second tab does not log anyone out',
  14: 'Logging out is immediate and closes the sockets',
  15: 'Every way to end a session has the same effect',
  16: 'A socket does not outlive its access token',
  17: 'A reconnecting socket is checked like a new one',
  18: 'The list of sessions is complete and harmless',
  19: 'Sensitive changes ask for the password again',
  20: 'Sessions end when idle, and at their maximum age',
  21: 'Links for resets and verification: short-lived, used once',
  22: 'Everything that is not public requires a token, proved route by route',
  23: 'Sockets follow the same policy as routes',
  24: 'Clients never choose rooms',
  25: "Ids of other users' resources give no access",
  26: 'Ids of one conversation are not valid in another',
  27: 'The scope of the server takes precedence over filters of clients',
  28: 'A member who is removed or leaves loses access at once',
  29: 'What a new member sees of earlier messages is one rule, over every transport',
  30: 'Who may do what in a group, by rank',
  31: 'A demotion takes effect with the next request',
  32: 'Who may edit and delete, until when, and what that changes',
  33: 'No field can be smuggled in, none leaks out',
  35: 'Query operators never reach the database',
  36: 'A wrong type is rejected as input',
  37: 'Clients name no sort, no field and no path',
  38: 'Search is literal, bounded and served by indexes',
  39: 'Prototypes cannot be polluted',
  40: 'Malformed HTTP is answered by a problem document',
  41: 'No packet ends the process',
  42: 'Unknown and malformed events are answered',
  43: 'Text is kept as it was written, and hidden characters are kept out of names',
  44: 'Content is stored and returned as data',
  45: 'Ids, pages and times have one form',
  46: 'The type of a file is decided by its content and a list',
  47: 'Served files cannot execute',
  48: 'Pictures that are too large to decode are rejected by their header',
  49: 'Location and time are removed from pictures',
  50: 'File names are never used as paths',
  51: 'Limits of uploads hold while they stream, and nothing is left behind',
  52: 'A file is visible to everyone who can see what it is attached to',
  53: 'Damaged pictures are rejected with a clear error',
  54: 'The server never fetches an address from a request',
  55: 'The directory cannot be scraped',
  56: 'Users who do not exist, have blocked the caller or hide look the same',
  57: 'A block applies over every transport, at once, on all devices',
  58: 'Presence is accurate, and shown only to users who may see it',
  59: 'Receipts cannot be forged, and users cannot be probed',
  60: 'Typing is shown to the other members, for a few seconds',
  61: 'Deleted means deleted',
  62: 'Notifications show only what their reader may see',
  63: 'Answers are not cached or shared',
  64: 'Requests are limited by person, address and class',
  65: 'Events are limited per person over all sockets',
  66: 'Connections are limited',
  67: 'Bodies, packets, headers, URLs and times have limits',
  68: 'What one request can set off is bounded',
  71: 'Limits and proxies tell the truth',
  72: 'Only the listed origins',
  73: 'Acknowledged means stored',
  74: 'A crash loses nothing that was answered and doubles nothing',
  75: 'Sending may be repeated',
  76: 'One order per conversation, without a gap',
  77: 'Catching up by cursor is complete',
  78: 'No gap between sync and live events',
  79: "A user's own devices stay in sync",
  80: 'States only move forward',
  82: 'A crash between storing and publishing is recovered',
  83: 'The server restarts under connected clients',
  84: 'The database goes away and comes back',
  85: 'A write whose outcome is unknown is cleared up',
  86: 'Two processes on one database',
  87: 'Unread is a formula',
  88: 'Last message and order of the list',
  89: 'Edits at the same time: the stale one is refused, deletion wins',
  90: 'Reactions are a set',
  91: 'Roles in a group stay legal under race',
  92: 'One direct conversation per pair',
  93: 'Contacts and blocks cross safely',
  94: 'Multi-step writes are completed after a crash',
  95: 'A deleted account leaves no personal data',
  96: 'The data check, and the indexes before readiness',
  97: 'Stopping in order',
  98: 'Health and readiness',
  99: 'A bad setting stops the start',
  100: 'Keys are changed without logging anybody out',
  101: 'Logs are useful and hold no secret',
  102: 'Errors and headers reveal nothing',
  103: 'Dependencies are pinned, and none is known to be unsafe',
  104: 'Backup and restore',
  105: 'The documents are what the server does',
};

/** Numbers in names such as "requirement 13: …" or "requirements 75, 76: …". */
function numbersIn(text) {
  return [...text.matchAll(/\brequirements? ((?:\d+(?:, | and |,)?)+)/g)].flatMap(([, list]) =>
    list.match(/\d+/g).map(Number),
  );
}

const proofs = new Map();
for (const file of ['test', 'src', 'packages'].flatMap((folder) => filesBelow(join(root, folder)))) {
  if (!file.endsWith('.test.ts') || file.includes('node_modules')) continue;
  const path = relative(root, file).split(sep).join('/');
  for (const number of numbersIn(readFileSync(file, 'utf8')))
    proofs.set(number, (proofs.get(number) ?? new Set()).add(path));
}

const rows = [...proofs]
  .sort(([a], [b]) => a - b)
  .map(
    ([number, files]) =>
      `| ${number} | ${titles[number] ?? '**without a title**'} | ${[...files]
        .sort()
        .map((file) => `\`${file}\``)
        .join('<br>')} |`,
  );

const text = `# What is promised, and what proves it

Generated by \`npm run requirements\` from the names of the tests. A test that proves a promise carries its number:
\`requirement 13: …\`. The numbers never change their meaning; those that are missing wait for their feature.

| number | promise | proved by |
|---|---|---|
${rows.join('\n')}
`;

const target = join(root, 'docs', 'REQUIREMENTS.md');
if (text.includes('**without a title**')) {
  console.error('A test names a requirement that has no title in scripts/requirements.mjs.');
  process.exitCode = 1;
} else if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('docs/REQUIREMENTS.md is out of date: run `npm run requirements` and commit what it writes.');
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}
