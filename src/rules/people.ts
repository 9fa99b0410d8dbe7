/** What one person may see of another and do to him: the only place where privacy and blocks decide. */
import type { Privacy } from '@causerie/contract/users';

/** What stands between a viewer and the owner of a profile. */
export interface Relationship {
  isSelf: boolean;
  /** Whether the owner has added the viewer. */
  isContact: boolean;
  /** Whether the viewer has added the owner. */
  hasAdded: boolean;
  /** Whether the owner has blocked the viewer. */
  isBlocked: boolean;
  /** Whether the viewer has blocked the owner. */
  hasBlocked: boolean;
}

/** The owner of a profile, as far as the rules go by him. */
export interface Profile {
  privacy: Privacy;
  /** Whether the account is one that people can turn to: not disabled, nor on its way to be deleted. */
  isActive: boolean;
  /** Whether it is to be deleted, or was: from the request for it on nobody is shown it. */
  isLeaving: boolean;
}

/** Which marks of a reader others are shown. */
export interface Shows {
  delivered: boolean;
  read: boolean;
}

function admits(setting: Privacy['lastSeen'], { isContact }: Relationship): boolean {
  return setting === 'everyone' || (setting === 'contacts' && isContact);
}

/** Whether the viewer may know when the owner is, or was, connected. Nobody hides from oneself. */
export function maySeePresence(relationship: Relationship, { privacy }: Profile): boolean {
  return relationship.isSelf || (!relationship.isBlocked && admits(privacy.lastSeen, relationship));
}

/** Whether the viewer may see the status of the owner. */
export function maySeeStatus({ isBlocked }: Relationship): boolean {
  return !isBlocked;
}

/** Whether the viewer may find the owner in the directory. */
export function mayFind({ isSelf, isBlocked }: Relationship, { isActive }: Profile): boolean {
  return !isSelf && isActive && !isBlocked;
}

/** Whether the viewer may bring the owner into a group. */
export function mayAdd(relationship: Relationship, { privacy, isActive }: Profile): boolean {
  return isActive && !relationship.isBlocked && admits(privacy.groupInvites, relationship);
}

/** Whether the viewer may write to the owner; who has written himself is open to the answer. */
export function mayWrite(relationship: Relationship, { privacy, isActive }: Profile, hasWritten: boolean): boolean {
  if (relationship.isSelf) return true;
  return isActive && mayChange(relationship) && (hasWritten || admits(privacy.directMessages, relationship));
}

/** Whether what the owner writes mentions the viewer, or notifies him: not whom he has blocked. */
export function canReceive({ hasBlocked }: Pick<Relationship, 'hasBlocked'>): boolean {
  return !hasBlocked;
}

/** Whether the two may edit, react and type where they write to each other: a block ends it for both. */
export function mayChange({ isBlocked, hasBlocked }: Relationship): boolean {
  return !isBlocked && !hasBlocked;
}

/**
 * Which marks of a reader rise for others: in a group by his own setting, between two people by that of both, and
 * never for whom he has blocked.
 */
export function showsOf(
  reader: Pick<Profile, 'privacy'>,
  other: { profile: Profile; relationship: Relationship } | null,
): Shows {
  const delivered = other === null || !other.relationship.hasBlocked;
  const read = reader.privacy.readReceipts && (other === null || other.profile.privacy.readReceipts);
  return { delivered, read: delivered && read };
}
