import { z } from 'zod';
import { rule, text } from './input.js';
import { deviceName, Session, Tokens } from './sessions.js';
import { displayName, email, Me, username } from './users.js';

const maxPasswordLength = 256;

/** Length of a password in code points after NFKC, the form in which passwords are compared. */
export function passwordLength(password: string): number {
  return [...password.normalize('NFKC')].length;
}

/** Before NFKC a password may be longer: a composed character can arrive as several code points. */
const maxSpelling = 4 * maxPasswordLength;

const password = text(0, maxSpelling)
  .refine(
    (value) => passwordLength(value) <= maxPasswordLength,
    rule(`At most ${maxPasswordLength} characters`, `Au plus ${maxPasswordLength} caractères`),
  )
  .describe('At most 256 characters of any kind, compared after Unicode normalization (NFKC)');

const newPassword = password.describe(
  '10-256 characters of any kind, compared after Unicode normalization (NFKC). Must not be a common password, the username or the email address',
);

const token = z.string().min(1).max(500).describe('The `token` of the link in the mail');

export const Register = z
  .strictObject({
    email,
    username,
    password: newPassword,
    displayName: displayName.optional().describe('Name shown to others, 1-64 characters; defaults to the username'),
    deviceName: deviceName.optional().describe('Name of this device in the list of sessions, 1-64 characters'),
  })
  .meta({ id: 'Register' });
export type Register = z.infer<typeof Register>;

export const Login = z
  .strictObject({
    identifier: text(1, 254).describe('Email address or username'),
    password,
    deviceName: deviceName.optional().describe('Name of this device in the list of sessions, 1-64 characters'),
  })
  .meta({ id: 'Login' });
export type Login = z.infer<typeof Login>;

export const Refresh = z
  .strictObject({ refreshToken: z.string().describe('The most recent refresh token') })
  .meta({ id: 'Refresh' });

export const ForgotPassword = z.strictObject({ email }).meta({ id: 'ForgotPassword' });

export const ResetPassword = z.strictObject({ token, password: newPassword }).meta({ id: 'ResetPassword' });
export type ResetPassword = z.infer<typeof ResetPassword>;

export const ChangePassword = z.strictObject({ currentPassword: password, newPassword }).meta({ id: 'ChangePassword' });
export type ChangePassword = z.infer<typeof ChangePassword>;

export const ChangeEmail = z
  .strictObject({ password: password.describe('The current password'), email: email.describe('The new email address') })
  .meta({ id: 'ChangeEmail' });
export type ChangeEmail = z.infer<typeof ChangeEmail>;

export const VerifyEmail = z.strictObject({ token }).meta({ id: 'VerifyEmail' });

export const AuthResult = Tokens.extend({ user: Me, session: Session }).meta({ id: 'AuthResult' });
export type AuthResult = z.infer<typeof AuthResult>;

export const Nothing = z.strictObject({}).meta({ id: 'Nothing' });
