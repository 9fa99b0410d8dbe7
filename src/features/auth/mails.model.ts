import mongoose, { type Connection } from 'mongoose';
import { isDuplicateKey } from '../../drivers/concerns.js';
import type { Locale } from '../../kernel/problem.js';
import type { MailKind } from './mail-texts.js';

/** A mail that is due. It holds no token: that follows from the ids when it is sent. */
export interface MailRow {
  /** The id of its link too. */
  _id: string;
  kind: MailKind;
  /** Null where only the address is known: whose it is, if anybody's, is looked up when it is sent. */
  userId: string | null;
  to: string;
  locale: Locale;
  createdAt: Date;
  dueAt: Date;
  attempts: number;
}

const { trusted } = mongoose;

const schema = new mongoose.Schema<MailRow>(
  {
    _id: { type: String, required: true },
    kind: { type: String, required: true },
    userId: { type: String, default: null },
    to: { type: String, required: true },
    locale: { type: String, required: true },
    createdAt: { type: Date, required: true },
    dueAt: { type: Date, required: true },
    attempts: { type: Number, required: true },
  },
  { versionKey: false },
);
schema.index({ dueAt: 1, _id: 1 });
schema.index({ userId: 1 });

/** The mails that are due. */
export interface MailRows {
  /** What is there already stays as it is. */
  insert(rows: readonly MailRow[]): Promise<void>;
  /** Takes the mail that is due first; nobody else gets it until `againAt`. */
  claim(now: Date, againAt: Date): Promise<MailRow | null>;
  postpone(id: string, dueAt: Date): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Gives the mails that are due on one connection. */
export function mailsModel(connection: Connection): MailRows {
  const Mails = connection.model<MailRow>('Mail', schema, 'mails');

  return {
    async insert(rows) {
      try {
        await Mails.insertMany([...rows], { ordered: false });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },
    claim: (now, againAt) =>
      Mails.findOneAndUpdate(
        { dueAt: trusted({ $lte: now }) },
        { $set: { dueAt: againAt }, $inc: { attempts: 1 } },
        { returnDocument: 'after', sort: { dueAt: 1, _id: 1 } },
      ).lean(),
    async postpone(id, dueAt) {
      await Mails.updateOne({ _id: id }, { $set: { dueAt } });
    },
    async remove(id) {
      await Mails.deleteOne({ _id: id });
    },
  };
}
