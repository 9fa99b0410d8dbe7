/** What a member may do in a conversation as far as the other user decides, and which receipts others are shown. */
import { canChange, canWrite, type Profile, type Relationship, type ShownReceipts, showsOf } from '../rules/people.js';
import type { Membership } from './membership.js';
import type { People, Person } from './people.js';

export interface MemberPermissions {
  canWrite: boolean;
  /** Whether the member may edit, react and type. */
  canChange: boolean;
  /** Which receipts of the member others are shown. */
  shows: ShownReceipts;
}

/** Whether a user has ever written in a conversation. */
export type HasWritten = (conversationId: string, userId: string) => Promise<boolean>;

/** What the other member of a direct conversation allows. Their own message there opens it, whatever their privacy. */
export async function allowedBy(
  hasWritten: HasWritten,
  { conversation, other }: Membership,
  { profile, relationship }: Omit<Person, 'view'>,
): Promise<Omit<MemberPermissions, 'shows'>> {
  const isOpen = canWrite({ relationship, profile, hasWritten: false });
  const canAnswer = !isOpen && other !== null && canWrite({ relationship, profile, hasWritten: true });
  return {
    canWrite: isOpen || (canAnswer && (await hasWritten(conversation._id, other.userId))),
    canChange: canChange(relationship),
  };
}

/** A member, as the rules see them, and the other user of a direct conversation. */
interface ContactPolicyInput {
  other: { profile: Profile; relationship: Relationship } | null;
  shows: ShownReceipts;
}

/** Keeps how users relate in memory, as long as no other process can change it. */
export interface RelationshipCache {
  /** The cached value, or that which `read` returns. */
  of(userId: string, otherId: string | null, read: () => Promise<ContactPolicyInput>): Promise<ContactPolicyInput>;
  /** The same repository, with writes that clear the cache before they return. */
  invalidateOn<Repository extends object>(
    repository: Repository,
    writes: readonly (keyof Repository & string)[],
  ): Repository;
}

/** The command line may change an account beside this process; the change takes effect within a second. */
const keptMs = 500;
const maxKept = 50_000;

type Write = (...given: unknown[]) => Promise<unknown>;

/** With `isShared`, other processes write too, and nothing is cached. */
export function createRelationshipCache({ isShared }: { isShared: boolean }): RelationshipCache {
  let cached = new Map<string, { at: number; input: Promise<ContactPolicyInput> }>();

  function clear(): void {
    cached = new Map();
  }

  function invalidating(write: Write): Write {
    return async (...given) => {
      try {
        return await write(...given);
      } finally {
        clear();
      }
    };
  }

  return {
    of(userId, otherId, read) {
      if (isShared) return read();
      const key = `${userId} ${otherId ?? ''}`;
      const found = cached.get(key);
      const now = Date.now();
      if (found && now - found.at < keptMs) return found.input;
      if (cached.size >= maxKept) clear();
      const input = read();
      cached.set(key, { at: now, input });
      // A failed read is repeated.
      input.catch(() => cached.delete(key));
      return input;
    },
    invalidateOn(repository, writes) {
      const changed = writes.map((name) => [name, invalidating((repository[name] as Write).bind(repository))]);
      return { ...repository, ...(Object.fromEntries(changed) as object) };
    },
  };
}

interface Deps {
  relationshipCache: Pick<RelationshipCache, 'of'>;
  people: Pick<People, 'profilesOf'>;
  hasWritten: HasWritten;
}

/** Creates the question "may this member write here?"; in a group, no other user decides. */
export function createPermissionReader({ relationshipCache, people, hasWritten }: Deps) {
  async function contactPolicyInput(userId: string, otherId: string | null): Promise<ContactPolicyInput> {
    const profiles = await people.profilesOf(userId, otherId === null ? [userId] : [userId, otherId]);
    const member = profiles.get(userId);
    const other = (otherId !== null && profiles.get(otherId)) || null;
    return { other, shows: member ? showsOf(member.profile, other) : { delivered: true, read: true } };
  }

  return async function permissionsOf(membership: Membership): Promise<MemberPermissions> {
    const { userId } = membership.member;
    const otherId = membership.other?.userId ?? null;
    const read = (): Promise<ContactPolicyInput> => contactPolicyInput(userId, otherId);
    const { other, shows } = await relationshipCache.of(userId, otherId, read);
    const allowed = other ? await allowedBy(hasWritten, membership, other) : { canWrite: true, canChange: true };
    return { ...allowed, shows };
  };
}
