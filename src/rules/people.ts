/** The rules of privacy and blocks: which users may see, find, add and write to each other. No other code decides this. */
import type { Privacy } from '@causerie/contract/users';

/** How a viewer and the owner of a profile relate. */
export interface Relationship {
  isSelf: boolean;
  /** The owner has added the viewer as a contact. */
  isContact: boolean;
  /** The viewer has added the owner as a contact. */
  hasAdded: boolean;
  /** The owner has blocked the viewer. */
  isBlocked: boolean;
  /** The viewer has blocked the owner. */
  hasBlocked: boolean;
}

/** The owner of a profile, as far as the rules depend on them. */
export interface Profile {
  privacy: Privacy;
  /** The account can be contacted: it is neither disabled nor being deleted. */
  isActive: boolean;
  /** Deletion of the account was requested or has happened: from the request on, no one is shown the profile. */
  isLeaving: boolean;
}

/** A viewer and the owner of a profile. */
interface Contact {
  relationship: Relationship;
  profile: Profile;
}

/** Which receipts of a reader are shown to others. */
export interface ShownReceipts {
  delivered: boolean;
  read: boolean;
}

function admits(setting: Privacy['lastSeen'], { isContact }: Relationship): boolean {
  return setting === 'everyone' || (setting === 'contacts' && isContact);
}

/** Whether the viewer may know when the owner is, or was, connected. Nobody hides from themselves. */
export function canSeePresence({ relationship, profile }: Contact): boolean {
  return relationship.isSelf || (!relationship.isBlocked && admits(profile.privacy.lastSeen, relationship));
}

/** Whether the viewer may see the status of the owner. */
export function canSeeStatus({ isBlocked }: Pick<Relationship, 'isBlocked'>): boolean {
  return !isBlocked;
}

/** Whether the viewer may find the owner in the directory. */
export function canFind({ relationship, profile }: Contact): boolean {
  return !relationship.isSelf && profile.isActive && !relationship.isBlocked;
}

type Acquaintance = Pick<Relationship, 'isSelf' | 'hasAdded'> & { sharesConversation: boolean };

/** Whether the viewer may look up the owner's name by id: they share a conversation, or the viewer has added the owner. */
export function canName({ isSelf, hasAdded, sharesConversation }: Acquaintance): boolean {
  return isSelf || hasAdded || sharesConversation;
}

/** Whether the viewer may add the owner to a group. */
export function canAddToGroup({ relationship, profile }: Contact): boolean {
  return profile.isActive && !relationship.isBlocked && admits(profile.privacy.groupInvites, relationship);
}

/** Whether the viewer may write to the owner. An owner who has written first accepts an answer, whatever their privacy. */
export function canWrite({ relationship, profile, hasWritten }: Contact & { hasWritten: boolean }): boolean {
  if (relationship.isSelf) return true;
  if (!profile.isActive || !canChange(relationship)) return false;
  return hasWritten || admits(profile.privacy.directMessages, relationship);
}

/** Whether the two may edit, react and type in their direct conversation: a block by either ends it for both. */
export function canChange({ isBlocked, hasBlocked }: Pick<Relationship, 'isBlocked' | 'hasBlocked'>): boolean {
  return !isBlocked && !hasBlocked;
}

/** Whether messages of the owner may mention or notify the viewer: not after the viewer has blocked the owner. */
export function canReceive({ hasBlocked }: Pick<Relationship, 'hasBlocked'>): boolean {
  return !hasBlocked;
}

/**
 * Decides which receipts of a reader advance for others: in a group by the reader's own setting, in a direct
 * conversation by the settings of both, and never for users blocked by the reader.
 */
export function showsOf(reader: Pick<Profile, 'privacy'>, other: Contact | null): ShownReceipts {
  const delivered = other === null || !other.relationship.hasBlocked;
  const read = reader.privacy.readReceipts && (other === null || other.profile.privacy.readReceipts);
  return { delivered, read: delivered && read };
}
