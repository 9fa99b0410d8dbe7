import { z } from 'zod';
import { rule, text } from './input.js';
import { deviceName, Session, Tokens } from './sessions.js';
import { displayName, email, Me, username } from './users.js';

const maxPasswordLength = 256;

/** How long a password is: code points after NFKC, the form it is compared in. */
export function passwordLength(password: string): number {
  return [...password.normalize('NFKC')].length;
}

/** Before NFKC a password may be longer: composed characters can come in several pieces. */
const maxSpelling = 4 * maxPasswordLength;

const password = text(0, maxSpelling)
  .refine(
    (value) => passwordLength(value) <= maxPasswordLength,
    rule(`At most ${maxPasswordLength} characters`, `Au plus ${maxPasswordLength} caractères`),
  )
  .describe('At most 256 characters, of any kind, compared after NFKC');

const newPassword = password.describe(
  '10-256 characters, of any kind, compared after NFKC; not a common password, not the username or e-mail address',
);

const token = z.string().min(1).max(500);

export const Register = z
  .strictObject({
    email,
    username,
    password: newPassword,
    displayName: displayName.optional().describe('The username unless given'),
    deviceName: deviceName.optional(),
  })
  .meta({ id: 'Register' });
export type Register = z.infer<typeof Register>;

export const Login = z
  .strictObject({
    identifier: text(1, 254).describe('E-mail address or username'),
    password,
    deviceName: deviceName.optional(),
  })
  .meta({ id: 'Login' });
export type Login = z.infer<typeof Login>;

export const Refresh = z.strictObject({ refreshToken: z.string() }).meta({ id: 'Refresh' });

export const ForgotPassword = z.strictObject({ email }).meta({ id: 'ForgotPassword' });

export const ResetPassword = z.strictObject({ token, password: newPassword }).meta({ id: 'ResetPassword' });
export type ResetPassword = z.infer<typeof ResetPassword>;

export const ChangePassword = z.strictObject({ currentPassword: password, newPassword }).meta({ id: 'ChangePassword' });
export type ChangePassword = z.infer<typeof ChangePassword>;

export const ChangeEmail = z.strictObject({ password, email }).meta({ id: 'ChangeEmail' });
export type ChangeEmail = z.infer<typeof ChangeEmail>;

export const VerifyEmail = z.strictObject({ token }).meta({ id: 'VerifyEmail' });

export const AuthResult = Tokens.extend({ user: Me, session: Session }).meta({ id: 'AuthResult' });
export type AuthResult = z.infer<typeof AuthResult>;

export const Nothing = z.strictObject({}).meta({ id: 'Nothing' });
