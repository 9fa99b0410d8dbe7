/** BSON values as the cases write them. */
import mongoose from 'mongoose';

const { BSON } = mongoose.mongo;

export const long = (value: number | string): unknown => BSON.Long.fromString(String(value));
export const double = (value: number): unknown => new BSON.Double(value);
export const decimal = (value: string): unknown => BSON.Decimal128.fromString(value);
export const id = (hex: string): unknown => new BSON.ObjectId(hex.padStart(24, '0'));
export const date = (text: string): Date => new Date(text);
export const regex = (pattern: string, options = ''): unknown => new BSON.BSONRegExp(pattern, options);
export const binary = (text: string): unknown => new BSON.Binary(Buffer.from(text));
export const timestamp = (t: number, i = 0): unknown => new BSON.Timestamp({ t, i });
export const minKey = new BSON.MinKey();
export const maxKey = new BSON.MaxKey();
