// The subject of a commit is an imperative sentence of at most 72 characters. `node scripts/commits.mjs [folder]`.
// Judged are the commits after the one that added this file; earlier ones had another form.
import { execFileSync } from 'node:child_process';
import { root } from './sources.mjs';
import { report } from './code.mjs';

const MAX_LENGTH = 72;
/** Imperatives that end like another form of a verb. */
const imperatives = new Set(
  'Bring Ping Ring Sing Spring Sting String Swing Embed Exceed Feed Heed Need Proceed Seed Shed Speed Succeed Weed Alias Bias Canvas Focus'.split(
    ' ',
  ),
);
/** What begins a statement, not an instruction. */
const statements = new Set(
  'A An The This That These Those It Its There They We I No Not Nothing Nobody What Who When Where Why How If In On At For With Without Only Every Each All Some Both One Two Now New More Less Also'.split(
    ' ',
  ),
);

function faultOf(subject) {
  const [first = ''] = /^[^\s:,;]*/.exec(subject) ?? [];
  if (!/^[A-Z][a-z]+(-[a-z]+)*$/.test(first)) return 'begin with a capitalized verb';
  if (statements.has(first)) return `"${first}" begins a statement; begin with the verb: "Add", "Move", "Fix"`;
  if (/(ed|ing|[^s]s)$/.test(first) && !imperatives.has(first))
    return `"${first}" is no imperative; write what the commit does as an instruction: "Add", not "Added", "Adds" or "Adding"`;
  if (subject.length > MAX_LENGTH)
    return `${subject.length} characters; keep the subject to ${MAX_LENGTH} and say why in the body`;
  if (subject.endsWith('.')) return 'take the full stop away';
  return null;
}

function git(folder, ...args) {
  return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

/** The commits to judge, or why they cannot be known. */
function commitsOf(folder) {
  try {
    if (git(folder, 'rev-parse', '--is-shallow-repository') === 'true') return { reason: 'this clone is shallow' };
    const added = git(folder, 'log', '--reverse', '--diff-filter=A', '--format=%H', '--', 'scripts/commits.mjs');
    if (added === '') return { reason: 'no commit adds scripts/commits.mjs' };
    const range = `${added.split('\n')[0]}..HEAD`;
    const lines = git(folder, 'log', '--no-merges', '--format=%h %s', range);
    return { commits: lines === '' ? [] : lines.split('\n') };
  } catch {
    return { reason: 'there is no git repository here' };
  }
}

const { commits, reason } = commitsOf(process.argv[2] ?? root);
if (reason) {
  console.log(`The subjects of commits cannot be checked: ${reason}. Check out the whole history (fetch-depth: 0).`);
  if (process.env.CI) process.exitCode = 1;
} else {
  report(
    commits.flatMap((line) => {
      const [hash] = line.split(' ', 1);
      const subject = line.slice(hash.length + 1);
      const fault = faultOf(subject);
      return fault ? [`${hash} "${subject}": ${fault} (reword it: git rebase -i ${hash}~)`] : [];
    }),
  );
}
